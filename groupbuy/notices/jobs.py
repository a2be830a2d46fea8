"""Forgetting what was told long ago."""

from groupbuy.kernel import clock
from groupbuy.kernel.db import transaction
from groupbuy.kernel.jobs import every
from groupbuy.notices import services

BATCH = 1_000


@every("40 18 * * * 0", "notices.forget")
def forget() -> None:
    """Delete old notices, batch by batch."""
    gone = BATCH
    while gone == BATCH:
        with transaction():
            gone = services.forget(limit=BATCH, now=clock.now())
