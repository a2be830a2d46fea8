"""The sweep that looks for suspicious orders."""

from groupbuy.holds import services
from groupbuy.holds.rules import Stream
from groupbuy.holds.services.scanning import BATCH
from groupbuy.kernel import clock
from groupbuy.kernel.db import transaction
from groupbuy.kernel.jobs import every
from groupbuy.kernel.settings import settings


@every("*/5 * * * * 20", "holds.scan")
def scan() -> None:
    """Let the rules look at what was paid and refunded since the last time, batch by batch."""
    zone = settings().calendar.zone.key
    for stream in Stream:
        looked_at = BATCH
        while looked_at == BATCH:
            with transaction():
                looked_at = services.scan_next(stream=stream, zone=zone, now=clock.now())
