"""Expiry against payment on the last unit, 1,000 times.

In each round an order holds the last unit and its time is over; at the same moment the sweep runs,
the news of its payment arrive, and somebody else is after the same unit. Whoever wins, the unit is
sold once and the loser has their money.
"""

import asyncio
from dataclasses import dataclass, field

from scripts.races.figures import Figures
from scripts.races.http import Answer, Connection
from scripts.races.shop import SOLD, Person, Race, intent_of, key_for

ROUNDS = 1_000
AT_ONCE = 20
SPREAD_SECONDS = 0.25
"""News, sweeps and rivals come within this time of the order's last moment."""

RIVAL_SECONDS = 3.0
SWEEPS = 3
ORDERS_BY_STATE = (
    "select coalesce(o.cancel_reason, o.state) as state, count(*) as number from orders o"
    " join order_lines l on l.order_id = o.id where l.sku_id = any(%(skus)s) group by 1"
)


@dataclass
class Tally:
    """How the rounds ended."""

    strange: list[Answer] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    paid_in_time: int = 0
    lost_to_rival: int = 0


async def run(race: Race, figures: Figures) -> None:
    """See the module."""
    rounds = race.size(ROUNDS, least=AT_ONCE) // AT_ONCE * AT_ONCE
    skus = race.shop.stock([1] * AT_ONCE)
    tally = Tally()
    for done in range(0, rounds, AT_ONCE):
        if done:
            race.shop.receive(skus, 1)
        await _rounds(race, skus, tally)
        sold = race.ground.number(SOLD, skus=skus)
        if sold != done + AT_ONCE:
            tally.wrong.append(f"{sold} sold after {done + AT_ONCE} rounds")
        race.advance(done + AT_ONCE, rounds)
    figures.note("rounds", f"{rounds:,}")
    ends = {r["state"]: r["number"] for r in race.ground.rows(ORDERS_BY_STATE, skus=skus)}
    figures.note("how orders ended", ", ".join(f"{k} {n}" for k, n in sorted(ends.items())))
    figures.at_least("rounds that the payment won", tally.paid_in_time, 1)
    figures.at_least("rounds that the rival won", tally.lost_to_rival, 1)
    figures.equal("units sold", race.ground.number(SOLD, skus=skus), rounds)
    figures.none("rounds that sold another number than one", tally.wrong)
    figures.none("other answers", tally.strange)
    figures.none("charged without goods or refund, or goods without charge", race.shop.unbalanced())


async def _rounds(race: Race, skus: list[str], tally: Tally) -> None:
    """Run one round for each of the goods, all at once."""
    connections = [Connection(race.ground.port) for _ in range(2 * len(skus))]
    people = race.random.sample(race.shop.shoppers, 2 * len(skus))
    intents: list[tuple[str, str]] = []
    for sku, who, connection in zip(skus, people, connections, strict=False):
        placed = await race.shop.place(connection, who, sku, key=key_for(race.random))
        started = await race.shop.start(connection, who, placed.body["id"])
        intents.append((placed.body["id"], intent_of(started)))
    race.ground.change(
        "update orders set expires_at = now() where id = any(%(ids)s)", ids=[i for i, _ in intents]
    )
    half = len(skus)
    news = (
        _pay_late(race, connection, intent, tally)
        for connection, (_, intent) in zip(connections[:half], intents, strict=True)
    )
    rivals = (
        _rival(race, connection, who, sku, tally)
        for connection, who, sku in zip(connections[half:], people[half:], skus, strict=True)
    )
    await asyncio.gather(*news, *rivals, *(_sweep(race) for _ in range(SWEEPS)))
    race.ground.wait_until_quiet()
    # Whoever got the goods, got all of them: what is left is bought by the last rival.
    for sku, who, connection in zip(skus, people[half:], connections[half:], strict=True):
        await _take(race, connection, who, sku, tally)
    race.ground.wait_until_quiet()
    for connection in connections:
        connection.close()


async def _pay_late(race: Race, connection: Connection, intent: str, tally: Tally) -> None:
    await asyncio.sleep(race.random.uniform(0, SPREAD_SECONDS))
    answer = await race.shop.tell(connection, race.ground.stripe.pay(intent))
    if answer.status != 200:
        tally.strange.append(answer)


async def _rival(race: Race, connection: Connection, who: Person, sku: str, tally: Tally) -> None:
    """Be after the unit for some time, from the first moment on."""
    give_up = asyncio.get_running_loop().time() + RIVAL_SECONDS * race.random.random()
    while asyncio.get_running_loop().time() < give_up:
        if await _take(race, connection, who, sku, tally):
            tally.lost_to_rival += 1
            return
        await asyncio.sleep(race.random.uniform(0, SPREAD_SECONDS))
    tally.paid_in_time += 1


async def _take(race: Race, connection: Connection, who: Person, sku: str, tally: Tally) -> bool:
    answer = await race.shop.place(connection, who, sku, key=key_for(race.random))
    if answer.status == 201:
        await race.shop.pay(connection, who, answer.body["id"])
    elif answer.code != "out-of-stock":
        tally.strange.append(answer)
    return answer.status == 201


async def _sweep(race: Race) -> None:
    """Have the worker look for expired orders now, beside its own rhythm."""
    await asyncio.sleep(race.random.uniform(0, SPREAD_SECONDS))
    race.ground.change(
        "insert into procrastinate_jobs (queue_name, task_name, args)"
        """ values ('default', 'orders.expire_due', '{"timestamp": 0}')"""
    )
