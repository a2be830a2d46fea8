"""2,000 provider events, each delivered ten times in random order, have one effect.

An order's events: a declined card, its payment, and a refund with all that Stripe says of it; some
refunds fail at the bank. What was delivered early is repeated after everything else has happened.
"""

from collections import Counter
from typing import Any

from scripts.races.figures import Figures
from scripts.races.http import Answer, Connection
from scripts.races.shop import API, PRICE_FEN, Person, Race, intent_of, key_for

EVENTS = 2_000
PER_ORDER = 5
TIMES = 10
ONE_OF_FAILS = 10
TRANSITIONS = (
    "select t.action, count(*) as number from order_transitions t"
    " join order_lines l on l.order_id = t.order_id where l.sku_id = any(%(skus)s) group by 1"
)


async def run(race: Race, figures: Figures) -> None:
    """See the module."""
    orders = race.size(EVENTS // PER_ORDER, least=20)
    skus = race.shop.stock([orders * 2])
    race.ground.stripe.refunds_settle = False
    strange: list[Answer] = []
    bought = await _buy(race, skus[0], orders)
    first = _decline_and_pay(race, [intent for _, intent, _ in bought])
    await _deliver(race, first * (TIMES // 2), strange)
    race.ground.wait_until_quiet()
    await _refund(race, [(order_id, line) for order_id, _, line in bought], strange)
    later, failed = _settle_refunds(race, orders)
    await _deliver(race, later * TIMES + first * (TIMES - TIMES // 2), strange)
    race.ground.wait_until_quiet()
    _judge(race, figures, orders=orders, failed=failed, events=len(first) + len(later), skus=skus)
    figures.none("other answers", strange)


def _judge(
    race: Race, figures: Figures, *, orders: int, failed: int, events: int, skus: list[str]
) -> None:
    ground = race.ground
    happened = {r["action"]: r["number"] for r in ground.rows(TRANSITIONS, skus=skus)}
    states = Counter(r["state"] for r in ground.rows("select state from provider_events"))
    figures.note("deliveries", f"{events:,} events, {TIMES} times each")
    figures.equal("events kept", ground.number("select count(*) from provider_events"), events)
    figures.equal("events by state", dict(states), {"handled": events})
    figures.equal("orders paid", happened.get("pay", 0), orders)
    whole = orders - failed
    figures.equal("orders called off by their refund", happened.get("cancel", 0), whole)
    figures.equal(
        "fen refunded, by the orders",
        ground.number("select sum(refunded_fen) from orders"),
        whole * PRICE_FEN,
    )
    figures.equal(
        "fen refunded, by the lines",
        ground.number("select sum(refunded_fen) from order_lines"),
        whole * PRICE_FEN,
    )
    figures.equal(
        "units back in the house",
        ground.number("select count(*) from stock_movements where kind = 'cancellation_return'"),
        whole,
    )
    figures.none("charged without goods or refund, or goods without charge", race.shop.unbalanced())


async def _buy(race: Race, sku: str, orders: int) -> list[tuple[str, str, str]]:
    """Place orders and begin to pay them; return (order, intent, line) of each."""
    bought: list[tuple[str, str, str]] = []

    async def buy(connection: Connection, who: Person) -> None:
        placed = await race.shop.place(connection, who, sku, key=key_for(race.random))
        started = await race.shop.start(connection, who, placed.body["id"])
        bought.append((placed.body["id"], intent_of(started), placed.body["lines"][0]["id"]))

    await race.run([race.random.choice(race.shop.shoppers) for _ in range(orders)], buy)
    return bought


def _decline_and_pay(race: Race, intents: list[str]) -> list[dict[str, Any]]:
    stripe = race.ground.stripe
    declined = [stripe.decline(intent) for intent in intents]
    return declined + [stripe.pay(intent) for intent in intents]


async def _refund(race: Race, bought: list[tuple[str, str]], strange: list[Answer]) -> None:
    """Have headquarters refund every order, and the worker ask Stripe for it."""

    async def refund(connection: Connection, order: tuple[str, str]) -> None:
        order_id, line = order
        body = {
            "order_id": order_id,
            "reason": "bruised",
            "lines": [{"order_line_id": line, "quantity": 1}],
        }
        key, token = key_for(race.random), race.shop.hua.token
        answer = await connection.insist("POST", f"{API}/hq/refunds", body, key=key, token=token)
        if answer.status != 201:
            strange.append(answer)

    await race.run(bought, refund)
    await race.ground.until(
        "select count(*) = %(n)s from payment_refunds where state = 'submitted'", n=len(bought)
    )


def _settle_refunds(race: Race, orders: int) -> tuple[list[dict[str, Any]], int]:
    """Let the bank finish every refund; return the events, and how many failed."""
    stripe, failed = race.ground.stripe, 0
    for refund_id in list(stripe.refunds):
        fails = race.random.randrange(ONE_OF_FAILS) == 0
        failed += fails
        stripe.settle_refund(refund_id, "failed" if fails else "succeeded")
    return [e for e in stripe.events if "refund" in e["type"]], failed


async def _deliver(race: Race, events: list[dict[str, Any]], strange: list[Answer]) -> None:
    race.random.shuffle(events)

    async def tell(connection: Connection, event: dict[str, Any]) -> None:
        answer = await race.shop.tell(connection, event)
        if answer.status != 200:
            strange.append(answer)

    await race.run(events, tell)
