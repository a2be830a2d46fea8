"""What holds are placed on: orders bought through the shop, by payers that are known."""

from typing import Any

from sqlalchemy import update

from groupbuy.holds.jobs import scan
from groupbuy.kernel.db import session, transaction
from groupbuy.orders.models import Order
from groupbuy.payments.models import Payment
from tests.client import Api
from tests.journeys.headquarters import Shop, made

HOLDS = "/hq/holds"
RULES = "/hq/hold-rules"


def open_shop(api: Api) -> Shop:
    """Open a shop with plenty of eggs at ¥15."""
    shop = Shop(api)
    shop.stock("Eggs", price_fen=1500, units=500)
    return shop


def bought(
    shop: Shop, name: str, places: dict[str, str], *, payer: str = "", units: int = 1
) -> str:
    """Let a shopper buy eggs at a leader's point and pay; return the order's id."""
    order = shop.order(name, None, {"Eggs": units}, pickup_point_id=places["point"])
    payment = shop.pay(name, order["id"])
    if payer:
        with transaction():
            session().execute(
                update(Payment)
                .where(Payment.id == payment["payment_id"])
                .values(payer_ref=f"card:{payer}")
            )
    return str(order["id"])


def swept(shop: Shop) -> None:
    """Let the sweep look at what happened until now."""
    shop.api.clock.advance(minutes=10)
    scan()
    session().expire_all()


def holds(shop: Shop, **filters: Any) -> list[dict[str, Any]]:
    """Return headquarters' list of holds."""
    return list(made(shop.hua.get(HOLDS, limit=100, **filters), 200)["items"])


def held(shop: Shop, rule: str) -> set[str]:
    """Return the orders that a rule holds."""
    return {hold["order_id"] for hold in holds(shop, rule=rule, state="held")}


def set_rule(shop: Shop, rule: str, **changes: Any) -> dict[str, Any]:
    """Change a rule, as headquarters does."""
    path = f"{RULES}/{rule}"
    version = made(shop.hua.get(path), 200)["version"]
    return made(shop.hua.patch(path, changes, if_match=version), 200)


def placed(shop: Shop, order_id: str, reason: str = "Looks odd.") -> dict[str, Any]:
    """Hold an order by hand."""
    return made(shop.hua.post(HOLDS, {"order_id": order_id, "reason": reason}))


def decided(
    shop: Shop, hold: dict[str, Any], how: str, reason: str = "Looked at."
) -> dict[str, Any]:
    """Let the approver decide: `release` or `rejection`."""
    path = f"{HOLDS}/{hold['id']}/{how}"
    return made(shop.api.staff("approver").post(path, {"reason": reason}), 200)


def fresh_order(order_id: str) -> Order:
    """Return an order as it is now."""
    return session().get_one(Order, order_id, populate_existing=True)
