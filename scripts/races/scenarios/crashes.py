"""Processes are killed under load: 20 times web and worker, 5 times PostgreSQL.

Every client keeps a journal of what was acknowledged, and repeats what was not answered under the
same key. In the end everything that was acknowledged is there, and everything is there once.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from scripts.races.figures import Figures
from scripts.races.http import Answer, Connection
from scripts.races.shop import PRICE_FEN, Race, key_for

KILLS = 20
CRASHES = 5
CLIENTS = 32
SKUS = 20
UNITS = 1_000_000
BETWEEN_SECONDS = (3.0, 5.0)
"""Each kind of process lives longer than the supervisor's quick death: it is killed every third
time."""

ONE_OF_CANCELS = 10


@dataclass
class Journal:
    """What the clients know: orders by key, those that are paid, those that are cancelled."""

    placed: dict[str, str] = field(default_factory=dict)
    paid: set[str] = field(default_factory=set)
    cancelled: set[str] = field(default_factory=set)
    strange: list[Answer] = field(default_factory=list)
    retries: int = 0


async def run(race: Race, figures: Figures) -> None:
    """See the module."""
    skus = race.shop.stock([UNITS] * SKUS)
    journal, over = Journal(), asyncio.Event()
    clients = [asyncio.create_task(_shop_on(race, skus, journal, over)) for _ in range(CLIENTS)]
    hurt = await _hurt(race)
    over.set()
    await asyncio.gather(*clients)
    await asyncio.to_thread(race.ground.wait_until_quiet)
    _judge(race, figures, journal, skus)
    figures.note("killed", ", ".join(f"{name} {times}" for name, times in hurt.items()))


async def _shop_on(race: Race, skus: list[str], journal: Journal, over: asyncio.Event) -> None:
    """Order, pay and now and then cancel, until it is over."""
    connection = Connection(race.ground.port)
    while not over.is_set():
        who, key = race.random.choice(race.shop.shoppers), key_for(race.random)
        answer = await race.shop.place(connection, who, race.random.choice(skus), key=key)
        if answer.status != 201:
            journal.strange.append(answer)
            continue
        order_id = journal.placed[key] = answer.body["id"]
        if race.random.randrange(ONE_OF_CANCELS) == 0:
            answer = await race.shop.cancel(connection, who, order_id)
            # The first answer may have been lost: then it is cancelled already.
            if answer.status == 200 or answer.code == "not-in-this-state":
                journal.cancelled.add(order_id)
                continue
        else:
            answer = await race.shop.pay(connection, who, order_id)
            if answer.status == 200:
                journal.paid.add(order_id)
                continue
        journal.strange.append(answer)
    journal.retries += connection.retries
    connection.close()


async def _hurt(race: Race) -> Counter[str]:
    """Kill one process after another, in random order; return how often each was."""
    ground = race.ground
    ways: dict[str, Callable[[], None]] = {
        "web": ground.kill_web,
        "web process": lambda: ground.kill_web_process(race.random.randrange(8)),
        "worker": ground.kill_worker,
        "PostgreSQL": ground.crash_postgres,
    }
    kills = race.size(KILLS, least=3)
    plan = [("web", "worker", "web process")[number % 3] for number in range(kills)]
    for number in range(race.size(CRASHES, least=1)):
        plan.insert(race.random.randrange(number, len(plan)), "PostgreSQL")
    for number, way in enumerate(plan, start=1):
        await asyncio.sleep(race.random.uniform(*BETWEEN_SECONDS))
        await asyncio.to_thread(ways[way])
        race.advance(number, len(plan))
    await asyncio.sleep(BETWEEN_SECONDS[1])
    return Counter(plan)


def _judge(race: Race, figures: Figures, journal: Journal, skus: list[str]) -> None:
    known = race.shop.orders_of(skus)
    acknowledged = set(journal.placed.values())
    paid = set(race.shop.orders_of(skus, "o.paid_at is not null"))
    cancelled = set(race.shop.orders_of(skus, "o.state = 'cancelled'"))
    keys = race.ground.number("select count(*) from idempotent_answers")
    figures.note("acknowledged orders", f"{len(acknowledged):,}, {journal.retries:,} repetitions")
    figures.none("acknowledged orders that are lost", acknowledged - set(known))
    figures.none("orders that nobody was told of: duplicates", set(known) - acknowledged)
    figures.equal("orders by the number of keys", (len(known), keys), (len(acknowledged),) * 2)
    figures.none("acknowledged payments that are lost", journal.paid - paid)
    figures.none("acknowledged cancellations that are lost", journal.cancelled - cancelled)
    figures.none("other answers", journal.strange)
    figures.equal(
        "fen taken by Stripe",
        sum(i["amount_received"] for i in race.ground.stripe.intents.values()),
        len(paid) * PRICE_FEN,
    )
    figures.none("charged without goods or refund, or goods without charge", race.shop.unbalanced())
