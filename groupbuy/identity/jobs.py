"""What identity does by the clock: tidying up, and linking the audit log."""

from datetime import timedelta

from groupbuy.kernel import audit, clock, idempotency
from groupbuy.kernel.db import transaction
from groupbuy.kernel.jobs import every

ANSWERS_KEPT = timedelta(days=7)
"""How long the first answer to an Idempotency-Key can be replayed."""


@every("23 3 * * *", "identity.forget_answers")
def forget_answers() -> None:
    """Delete stored answers that nobody will ask for again."""
    with transaction():
        idempotency.forget(before=clock.now() - ANSWERS_KEPT)


@every("* * * * * */5", "identity.link_audit_log")
def link_audit_log() -> None:
    """Give new entries of the audit log their places in its chain."""
    while _linked():
        pass


def _linked() -> int:
    with transaction():
        return audit.link() if audit.unlinked() else 0
