"""Random baskets, promotions and coupons, as plain data and as the real rules take them."""

from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from groupbuy.kernel.texts import Text
from groupbuy.pricing.kinds.registry import KINDS
from groupbuy.pricing.rules.coupons import Coupon
from groupbuy.pricing.rules.pipeline import Delivery, Occasion
from groupbuy.pricing.rules.promotions import Giveaway, Promotion
from groupbuy.pricing.rules.quotes import Offer
from groupbuy.pricing.rules.scopes import EVERYTHING, Goods, Scope

GIFT_SKUS = ("gift-a", "gift-b")
TITLE = Text("活动", "Promotion")


@st.composite
def baskets(draw: Any, most: int = 50) -> list[dict[str, Any]]:
    """Draw lines of different SKUs in their order."""
    count = draw(st.integers(1, most))
    return [
        {
            "sku": f"sku-{number:02d}",
            "price": draw(st.integers(0, 20_000)),
            "units": draw(st.integers(1, 9)),
        }
        for number in range(count)
    ]


def scopes(lines: list[dict[str, Any]]) -> st.SearchStrategy[Any]:
    """Draw what something is about: everything (None), or some SKUs, perhaps of another basket."""
    skus = [line["sku"] for line in lines] + ["sku-elsewhere"]
    return st.none() | st.lists(st.sampled_from(skus), min_size=1, max_size=10, unique=True)


def steps(by: str) -> st.SearchStrategy[list[int]]:
    """Draw rising heights."""
    top = 60_000 if by == "amount" else 40
    return st.lists(st.integers(1, top), min_size=1, max_size=4, unique=True).map(sorted)


@st.composite
def promotions(draw: Any, lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Draw up to six promotions of any kind."""
    drawn = []
    for number in range(draw(st.integers(0, 6))):
        kind = draw(st.sampled_from(["buy_get", "gift", "reduction", "free_delivery"]))
        by = draw(st.sampled_from(["amount", "count"]))
        promotion: dict[str, Any] = {
            "id": f"prm_{number}",
            "kind": kind,
            "skus": draw(scopes(lines)),
            "stacks": draw(st.booleans()),
            "with_coupon": draw(st.booleans()),
            "priority": draw(st.integers(0, 2)),
            "by": by,
            "repeats": draw(st.booleans()),
            "buy": draw(st.integers(1, 3)),
            "get": draw(st.integers(1, 2)),
            "at_most": draw(st.none() | st.integers(1, 3)),
            "from": draw(st.integers(0, 60_000)),
        }
        promotion["steps"] = [
            {
                "from": height,
                "off": draw(st.integers(1, 70_000)),
                "sku": draw(st.sampled_from(GIFT_SKUS)),
                "units": draw(st.integers(1, 3)),
            }
            for height in draw(steps(by))
        ]
        drawn.append(promotion)
    return drawn


@st.composite
def coupons(draw: Any, lines: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Draw a coupon, or none."""
    kind = draw(st.sampled_from([None, "fixed", "percentage"]))
    if kind is None:
        return None
    return {
        "kind": kind,
        "skus": draw(scopes(lines)),
        "from": draw(st.integers(0, 60_000)),
        "off": draw(st.integers(1, 10_000 if kind == "percentage" else 90_000)),
        "cap": draw(st.none() | st.integers(1, 5_000)) if kind == "percentage" else None,
    }


stocks = st.fixed_dictionaries(
    {sku: st.tuples(st.integers(0, 5), st.integers(0, 9_000)) for sku in GIFT_SKUS}
)


def demand(lines: list[dict[str, Any]]) -> dict[str, int]:
    """Return {SKU: units}."""
    return {line["sku"]: line["units"] for line in lines}


def offers(lines: list[dict[str, Any]]) -> dict[str, Offer]:
    """Return what the house asks for each line."""
    return {
        line["sku"]: Offer(
            line["sku"], "prd", line["sku"], line["price"], "sku", f"pool-{line['sku']}"
        )
        for line in lines
    }


def occasion(
    drawn: list[dict[str, Any]],
    coupon: dict[str, Any] | None,
    stock: dict[str, tuple[int, int]],
    fee: int = 0,
) -> Occasion:
    """Return the occasion in the rules' own words."""
    return Occasion(
        promotions=tuple(map(_promotion, drawn)),
        giveaways={
            sku: Giveaway(Offer(sku, "prd", sku, 0, "gift", f"pool-{sku}"), *known)
            for sku, known in stock.items()
        },
        coupon=_coupon(coupon) if coupon else None,
        delivery=Delivery(fee),
    )


def _promotion(drawn: dict[str, Any]) -> Promotion:
    return Promotion(
        id=drawn["id"],
        title=TITLE,
        kind=KINDS[drawn["kind"]],
        terms=_terms(drawn),
        scope=_scope(drawn["skus"]),
        stacks_with_promotions=drawn["stacks"],
        stacks_with_coupon=drawn["with_coupon"],
        priority=drawn["priority"],
    )


def _terms(drawn: dict[str, Any]) -> dict[str, Any]:
    if drawn["kind"] == "buy_get":
        return {name: drawn[name] for name in ("buy", "get", "at_most")}
    if drawn["kind"] == "free_delivery":
        return {"from_fen": drawn["from"]}
    height = "from_fen" if drawn["by"] == "amount" else "from_units"
    told = [
        {height: step["from"], "off_fen": step["off"]}
        if drawn["kind"] == "reduction"
        else {height: step["from"], "gifts": [{"sku_id": step["sku"], "quantity": step["units"]}]}
        for step in drawn["steps"]
    ]
    return {"by": drawn["by"], "steps": told, "repeats": drawn["repeats"]}


def _coupon(drawn: dict[str, Any]) -> Coupon:
    percentage = drawn["kind"] == "percentage"
    return Coupon(
        id="cpn_1",
        title=TITLE,
        kind=drawn["kind"],
        starts_at=datetime(2026, 1, 1, tzinfo=UTC),
        expires_at=datetime(2027, 1, 1, tzinfo=UTC),
        off_fen=None if percentage else drawn["off"],
        off_bps=drawn["off"] if percentage else None,
        cap_fen=drawn["cap"],
        from_fen=drawn["from"],
        scope=_scope(drawn["skus"]),
    )


def _scope(skus: list[str] | None) -> Scope:
    return EVERYTHING if skus is None else Scope(Goods.SKUS, frozenset(skus))
