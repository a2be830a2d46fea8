"""Redis stopped, frozen, flushed and full: checkouts go on.

Shoppers log in, read the catalogue, order and pay while the cache is taken away in every way.
They log in once in each phase, for all come from one address, which may not log in without end.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress

import redis

from scripts.races.figures import Figures
from scripts.races.http import Connection, Unanswered
from scripts.races.shop import API, Person, Race, key_for

CLIENTS = 16
SECONDS = 15.0
LEAST_SECONDS = 6.0
UNITS = 1_000_000
SLOWEST_SECONDS = 10.0
FILL = 4096


class Watch:
    """What happens to the checkouts of one phase."""

    def __init__(self) -> None:
        self.done: Counter[str] = Counter()
        self.strange: Counter[str] = Counter()
        self.slowest = 0.0
        self.phase = "healthy"


async def run(race: Race, figures: Figures) -> None:
    """See the module."""
    [sku] = race.shop.stock([UNITS])
    watch, over = Watch(), asyncio.Event()
    clients = [
        asyncio.create_task(_check_out_on(race, sku, number, watch, over))
        for number in range(CLIENTS)
    ]
    seconds = max(LEAST_SECONDS, SECONDS * race.scale)
    for number, (phase, change) in enumerate(PHASES.items(), start=1):
        await change(race)
        watch.phase = phase
        await asyncio.sleep(seconds)
        race.advance(number, len(PHASES))
    over.set()
    await asyncio.gather(*clients)
    race.ground.wait_until_quiet()
    for phase in PHASES:
        figures.at_least(f"checkouts while the cache is {phase}", watch.done[phase], 10)
    figures.none("other answers", [f"{name} ({n})" for name, n in watch.strange.items()])
    figures.at_most("milliseconds of the slowest checkout", int(watch.slowest * 1000), 10_000)
    figures.none("charged without goods or refund, or goods without charge", race.shop.unbalanced())


async def _check_out_on(
    race: Race, sku: str, number: int, watch: Watch, over: asyncio.Event
) -> None:
    connection, loop = Connection(race.ground.port), asyncio.get_running_loop()
    logins: dict[str, Person] = {}
    while not over.is_set():
        began, phase = loop.time(), watch.phase
        try:
            if phase not in logins:
                logins[phase] = await _log_in(race, connection, number)
            fault = await _check_out(race, connection, sku, logins[phase])
        except Unanswered as unanswered:
            fault = str(unanswered)
        if fault:
            watch.strange[f"{phase}: {fault}"] += 1
        else:
            watch.done[phase] += 1
        watch.slowest = max(watch.slowest, loop.time() - began)
    connection.close()


async def _log_in(race: Race, connection: Connection, number: int) -> Person:
    code = race.ground.wechat.issue(f"cache-{number}", code=key_for(race.random))
    login = await connection.ask("POST", f"{API}/auth/wechat-sessions", {"code": code})
    if login.status != 201:
        raise Unanswered(f"login {login}")
    return Person(login.body["shopper"]["id"], login.body["token"])


async def _check_out(race: Race, connection: Connection, sku: str, who: Person) -> str:
    """Do what a shopper does; return what went wrong, '' if nothing did."""
    page = await connection.ask("GET", f"{API}/products?limit=20")
    if page.status != 200:
        return f"products {page}"
    placed = await race.shop.place(connection, who, sku, key=key_for(race.random))
    if placed.status != 201:
        return f"order {placed}"
    paid = await race.shop.pay(connection, who, placed.body["id"])
    return "" if paid.status == 200 else f"payment {paid}"


async def _healthy(race: Race) -> None:
    """Change nothing."""


async def _stop(race: Race) -> None:
    await asyncio.to_thread(race.ground.valkey.stop)


async def _start(race: Race) -> None:
    await asyncio.to_thread(race.ground.start_cache)


async def _flush(race: Race) -> None:
    race.ground.cache.flushall()


async def _fill(race: Race) -> None:
    """Fill it to the brim: every write is refused from here on."""
    cache = race.ground.cache
    cache.config_set("maxmemory-policy", "noeviction")
    cache.config_set("maxmemory", int(cache.info("memory")["used_memory"]) + 256 * 1024)
    with suppress(redis.ResponseError):
        for number in range(10**6):
            cache.set(f"filler-{number}", b"x" * FILL)


async def _empty(race: Race) -> None:
    race.ground.cache.config_set("maxmemory", 0)
    race.ground.cache.flushall()


async def _freeze(race: Race) -> None:
    race.ground.freeze_cache(True)


async def _thaw(race: Race) -> None:
    race.ground.freeze_cache(False)


PHASES: dict[str, Callable[[Race], Awaitable[None]]] = {
    "healthy": _healthy,
    "stopped": _stop,
    "back": _start,
    "flushed": _flush,
    "full": _fill,
    "emptied": _empty,
    "frozen": _freeze,
    "thawed": _thaw,
}
"""What is done to the cache, one after the other."""
