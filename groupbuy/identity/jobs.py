"""What identity tidies up by the clock."""

from datetime import timedelta

from groupbuy.kernel import clock, idempotency
from groupbuy.kernel.db import transaction
from groupbuy.kernel.jobs import every

ANSWERS_KEPT = timedelta(days=7)
"""How long the first answer to an Idempotency-Key can be replayed."""


@every("23 3 * * *", "identity.forget_answers")
def forget_answers() -> None:
    """Delete stored answers that nobody will ask for again."""
    with transaction():
        idempotency.forget(before=clock.now() - ANSWERS_KEPT)
