"""1,000 uses of a one-use coupon succeed once; and before it, 1,000 claims of the only coupon.

The order that got it is cancelled and the coupon is free again: once more 1,000, and once more one.
"""

from collections import Counter

from scripts.races.figures import Figures
from scripts.races.http import Answer, Connection
from scripts.races.shop import API, PRICE_FEN, Person, Race, key_for

USES = 1_000
LEAST_USES = 200
UNITS = 1_000_000
OFF_FEN = 500
CODE = "ONLY-ONE"
STATES = "select state, count(*) as number from coupons group by 1"


async def run(race: Race, figures: Figures) -> None:
    """See the module."""
    uses = race.size(USES, least=LEAST_USES)
    [sku] = race.shop.stock([UNITS])
    who, coupon = await _claim(race, figures, uses)
    first = await _use(race, figures, sku, who, coupon, uses, "the first order")
    if first:
        connection = Connection(race.ground.port)
        await race.shop.cancel(connection, who, first)
        again = await _use(race, figures, sku, who, coupon, uses, "after its cancellation")
        await race.shop.pay(connection, who, again)
        last = await _use(race, figures, sku, who, coupon, uses, "after its payment", goal=0)
        figures.equal("orders by a used coupon", last, "")
    race.ground.wait_until_quiet()
    states = {row["state"]: row["number"] for row in race.ground.rows(STATES)}
    figures.equal("coupons by state", states, {"used": 1})
    figures.none("charged without goods or refund, or goods without charge", race.shop.unbalanced())


async def _publish(race: Race) -> None:
    """Publish a batch of one coupon that a public code stands for."""
    connection, token = Connection(race.ground.port), race.shop.hua.token
    body = {
        "title_zh": "只有一张",
        "title_en": "Only one",
        "kind": "fixed",
        "off_fen": OFF_FEN,
        "valid_days": 30,
        "quantity": 1,
        "public_code": CODE,
    }
    path = f"{API}/hq/coupon-batches"
    batch = await connection.insist("POST", path, body, token=token, key=key_for(race.random))
    published = f"{path}/{batch.body['id']}/publication"
    await connection.insist("POST", published, {}, token=token, key=key_for(race.random))


async def _claim(race: Race, figures: Figures, claims: int) -> tuple[Person, str]:
    """Let everybody claim the only coupon; return who got it, and its id."""
    await _publish(race)
    claimed: list[tuple[Person, str]] = []
    others: Counter[str] = Counter()

    async def claim(connection: Connection, who: Person) -> None:
        key = key_for(race.random)
        body = {"code": CODE}
        path = f"{API}/me/coupons"
        answer = await connection.insist("POST", path, body, token=who.token, key=key)
        if answer.status == 201:
            claimed.append((who, answer.body["id"]))
        else:
            others[str(answer)] += 1

    everybody = race.shop.shoppers
    await race.run([everybody[number % len(everybody)] for number in range(claims)], claim)
    figures.equal(f"claims that succeeded, of {claims:,}", len(claimed), 1)
    refusals = {"409 coupons-gone", "409 coupon-limit-reached"}
    figures.none("other answers to claims", others.keys() - refusals)
    return claimed[0]


async def _use(
    race: Race,
    figures: Figures,
    sku: str,
    who: Person,
    coupon: str,
    uses: int,
    when: str,
    goal: int = 1,
) -> str:
    """Let one shopper order with the same coupon from everywhere; return an order that got it."""
    placed: list[str] = []
    others: Counter[str] = Counter()
    body = {
        "lines": [{"sku_id": sku, "quantity": 1}],
        "pickup_point_id": race.shop.point,
        "quote_total_fen": PRICE_FEN - OFF_FEN,
        "coupon_id": coupon,
    }

    async def use(connection: Connection, key: str) -> None:
        path = f"{API}/orders"
        answer: Answer = await connection.insist("POST", path, body, token=who.token, key=key)
        if answer.status == 201:
            placed.append(answer.body["id"])
        else:
            others[str(answer)] += 1

    await race.run([key_for(race.random) for _ in range(uses)], use)
    figures.equal(f"{when}: uses that succeeded, of {uses:,}", len(placed), goal)
    figures.none(f"{when}: other answers", others.keys() - {"409 coupon-not-applicable"})
    return placed[0] if placed else ""
