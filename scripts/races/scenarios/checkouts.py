"""10,000 checkouts by 200 connections on 100 units: exactly 100 are sold.

Everybody is after the same goods. In the first half some change their mind: they cancel, or they
cancel and their money arrives all the same. The second half buys what is left, and one last
shopper whatever was given back after everybody else was refused.
"""

from enum import Enum, auto

from scripts.races.figures import Figures
from scripts.races.http import Answer, Connection
from scripts.races.shop import SOLD, Person, Race, intent_of, key_for

CHECKOUTS = 10_000
UNITS = 100
LEAST_CHECKOUTS = 400


class Mind(Enum):
    """What a shopper does with an order."""

    PAYS = auto()
    CANCELS = auto()
    CANCELS_WHILE_PAYING = auto()


async def run(race: Race, figures: Figures) -> None:
    """See the module."""
    shop = race.shop
    checkouts = race.size(CHECKOUTS, least=LEAST_CHECKOUTS)
    [sku] = shop.stock([UNITS])
    tasks = [_task(race, number < checkouts // 2) for number in range(checkouts)]
    placed: list[str] = []
    refused = 0
    strange: list[Answer] = []

    async def check_out(connection: Connection, task: tuple[Person, str, Mind]) -> None:
        nonlocal refused
        who, key, mind = task
        answer = await shop.place(connection, who, sku, key=key)
        if answer.code == "out-of-stock":
            refused += 1
        elif answer.status != 201:
            strange.append(answer)
        else:
            placed.append(answer.body["id"])
            strange.extend(await _finish(race, connection, who, placed[-1], mind))

    await race.run(tasks, check_out)
    strange += await _buy_what_is_left(race, sku, placed)
    race.ground.wait_until_quiet()
    known = shop.orders_of([sku])
    figures.note("checkouts", f"{checkouts:,} by {min(race.connections, checkouts)} connections")
    figures.equal("units sold", race.ground.number(SOLD, skus=[sku]), UNITS)
    figures.equal("answered", len(placed) + refused, checkouts)
    figures.none("acknowledged orders that are lost", set(placed) - set(known))
    figures.none("orders that nobody was told of", set(known) - set(placed))
    figures.none("other answers", strange)
    figures.none("charged without goods or refund, or goods without charge", shop.unbalanced())


def _task(race: Race, early: bool) -> tuple[Person, str, Mind]:
    minds = [Mind.PAYS, Mind.CANCELS, Mind.CANCELS_WHILE_PAYING] if early else [Mind.PAYS]
    return race.random.choice(race.shop.shoppers), key_for(race.random), race.random.choice(minds)


async def _buy_what_is_left(race: Race, sku: str, placed: list[str]) -> list[Answer]:
    """Buy until nothing is left; return the answers that should not have come."""
    connection, who = Connection(race.ground.port), race.shop.shoppers[0]
    while True:
        answer = await race.shop.place(connection, who, sku, key=key_for(race.random))
        if answer.status != 201:
            return [answer] if answer.code != "out-of-stock" else []
        placed.append(answer.body["id"])
        await race.shop.pay(connection, who, placed[-1])


async def _finish(
    race: Race, connection: Connection, who: Person, order_id: str, mind: Mind
) -> list[Answer]:
    """Pay or cancel; return the answers that should not have come."""
    if mind is Mind.PAYS:
        answers = [await race.shop.pay(connection, who, order_id)]
    elif mind is Mind.CANCELS:
        answers = [await race.shop.cancel(connection, who, order_id)]
    else:
        started = await race.shop.start(connection, who, order_id)
        answers = [started, await race.shop.cancel(connection, who, order_id)]
        await race.shop.tell(connection, race.ground.stripe.pay(intent_of(started)))
    return [answer for answer in answers if answer.status != 200]
