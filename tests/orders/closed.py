"""A campaign of eggs whose neighbours have paid, ready to be closed."""

from datetime import datetime
from typing import Any

from sqlalchemy import text

from groupbuy.campaigns import services as campaigns
from groupbuy.campaigns.models import Campaign
from groupbuy.kernel import clock
from groupbuy.kernel.access import SYSTEM
from groupbuy.kernel.db import session, transaction
from tests.journeys.headquarters import Shop, made

LADDER = [{"from_units": 0, "price_fen": 1000}, {"from_units": 4, "price_fen": 800}]
NEIGHBOURS = [f"n{number}" for number in range(7)]


class Sale:
    """An open campaign of eggs that Mei hosts, and what its neighbours ordered."""

    def __init__(
        self, shop: Shop, neighbours: list[str], *, leader: str = "mei", **campaign: Any
    ) -> None:
        self.shop = shop
        places = shop.recruit(leader)
        self.campaign = shop.campaign({"Eggs": 1000}, **campaign)
        self.group_buy = shop.host(leader, self.campaign, places)["id"]
        shop.wait(hours=1)
        self.orders = {
            name: shop.order(name, self.group_buy, {"Eggs": 1})["id"] for name in neighbours
        }
        for name, order_id in self.orders.items():
            shop.pay(name, order_id)

    @property
    def closes_at(self) -> datetime:
        return session().get_one(Campaign, self.campaign).closes_at

    def close(self) -> None:
        with transaction():
            campaigns.close(campaign_id=self.campaign, actor=SYSTEM, now=clock.now())

    def state(self, name: str) -> str:
        order = made(self.shop.api.shopper(name).get(f"/orders/{self.orders[name]}"), 200)
        return str(order["state"])


def threshold(shop: Shop, neighbours: list[str], minimum: int) -> Sale:
    terms = {"measure": "participants", "minimum": minimum}
    return Sale(shop, neighbours, kind="threshold", terms=terms)


def figures() -> dict[str, Any]:
    """Return everything that settling changes, as it is in the database."""
    session().rollback()
    queries = {
        "orders": "select state, cancel_reason, refunded_fen, count(*) from orders "
        "group by 1, 2, 3 order by 1, 2, 3",
        "lines": "select refund_requested_fen, refunded_fen, returned_quantity, final_price_fen, "
        "count(*) from order_lines group by 1, 2, 3, 4 order by 1, 2, 3, 4",
        "moves": "select action, count(*) from order_transitions group by 1 order by 1",
        "refunds": "select reason, state, amount_fen, count(*) from order_refunds "
        "group by 1, 2, 3 order by 1, 2, 3",
        "payments": "select state, amount_fen, refunded_fen, count(*) from payments "
        "group by 1, 2, 3 order by 1, 2, 3",
        "stock": "select kind, sum(delta) from stock_movements group by 1 order by 1",
        "settled": "select count(*) from campaigns where settled_at is not null",
    }
    return {
        name: [tuple(row) for row in session().execute(text(query))]
        for name, query in queries.items()
    }
