"""200 refunds raced on one line never exceed it: by the unit, by amounts, by both."""

from collections import Counter
from typing import Any

from scripts.races.figures import Figures
from scripts.races.http import Answer, Connection
from scripts.races.shop import API, PRICE_FEN, Person, Race, key_for

REFUNDS = 200
UNITS = 60
AMOUNT_FEN = UNITS * PRICE_FEN
KINDS = ("by the unit", "by amounts", "by both")
LINE = (
    "select refund_requested_fen, refunded_fen, returned_quantity from order_lines"
    " where id = %(line)s"
)


async def run(race: Race, figures: Figures) -> None:
    """See the module."""
    [sku] = race.shop.stock([UNITS * len(KINDS)])
    for kind in KINDS:
        await _race_on_one_line(race, figures, sku, kind)
    figures.none("charged without goods or refund, or goods without charge", race.shop.unbalanced())


async def _race_on_one_line(race: Race, figures: Figures, sku: str, kind: str) -> None:
    who = race.random.choice(race.shop.shoppers)
    order_id, line = await _bought(race, who, sku)
    wanted = [_part(race, kind) for _ in range(REFUNDS)]
    answers: list[Answer] = []

    async def refund(connection: Connection, part: dict[str, int]) -> None:
        body = {
            "order_id": order_id,
            "reason": "bruised",
            "lines": [{"order_line_id": line, **part}],
        }
        key, token = key_for(race.random), race.shop.hua.token
        options: dict[str, Any] = {"key": key, "token": token}
        answers.append(await connection.insist("POST", f"{API}/hq/refunds", body, **options))

    await race.run(wanted, refund)
    race.ground.wait_until_quiet()
    given = sum(a.body["amount_fen"] for a in answers if a.status == 201)
    [kept] = race.ground.rows(LINE, line=line)
    others = Counter(str(a) for a in answers if a.status != 201)
    figures.equal(f"{kind}: answers", sum(others.values()) + _granted(answers), REFUNDS)
    figures.none(f"{kind}: other answers", others.keys() - {"409 refund-exceeds-line"})
    figures.at_most(f"{kind}: fen granted", given, AMOUNT_FEN)
    figures.equal(f"{kind}: fen held on the line", kept["refund_requested_fen"], given)
    figures.equal(f"{kind}: fen that went back", kept["refunded_fen"], given)
    if kind == "by the unit":
        figures.equal(f"{kind}: granted", _granted(answers), UNITS)
        figures.equal(f"{kind}: all of it went back", given, AMOUNT_FEN)


def _granted(answers: list[Answer]) -> int:
    return sum(answer.status == 201 for answer in answers)


async def _bought(race: Race, who: Person, sku: str) -> tuple[str, str]:
    connection = Connection(race.ground.port)
    key = key_for(race.random)
    placed = await race.shop.place(connection, who, sku, key=key, quantity=UNITS)
    await race.shop.pay(connection, who, placed.body["id"])
    connection.close()
    race.ground.wait_until_quiet()
    return placed.body["id"], placed.body["lines"][0]["id"]


def _part(race: Race, kind: str) -> dict[str, int]:
    by_unit = kind == "by the unit" or (kind == "by both" and race.random.random() < 0.5)
    if by_unit:
        return {"quantity": 1}
    return {"amount_fen": race.random.randint(1, AMOUNT_FEN // 20)}
