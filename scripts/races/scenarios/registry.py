"""The registry: a scenario is one file and one line here."""

from collections.abc import Callable, Coroutine

from scripts.races.figures import Figures
from scripts.races.scenarios import cache, checkouts, coupons, crashes, events, expiry, refunds
from scripts.races.shop import Race

SCENARIOS: dict[str, Callable[[Race, Figures], Coroutine[None, None, None]]] = {
    "checkouts": checkouts.run,
    "coupons": coupons.run,
    "expiry": expiry.run,
    "events": events.run,
    "refunds": refunds.run,
    "crashes": crashes.run,
    "cache": cache.run,
}
