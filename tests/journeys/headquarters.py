"""What headquarters and leaders do in the stories, over HTTP: a shop to tell them in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from groupbuy.campaigns.jobs import advance_campaigns, return_leftovers
from groupbuy.fulfilment.jobs import advance_unclaimed, put_back_refunded, remind_unclaimed
from groupbuy.kernel.jobs import run_pending
from groupbuy.orders.jobs import (
    complete_due,
    decide_overdue_after_sales,
    end_unreturned_after_sales,
    expire_due,
    recount_group_buys,
    settle_campaigns,
)
from groupbuy.settlement.jobs import confirm_unanswered
from tests.client import Answer, Api, Caller


def made(answer: Answer, status: int = 201) -> dict[str, Any]:
    """Return the body of an answer that must have this status."""
    assert answer.status_code == status, (answer.status_code, answer.text)
    return dict(answer.json)


@dataclass
class Shop:
    """A shop with goods, a leader who is open, and what it takes to sell."""

    api: Api
    skus: dict[str, str] = field(default_factory=dict)

    @property
    def hua(self) -> Caller:
        """Hua of operations."""
        return self.api.staff("operator", "hua")

    def stock(self, title: str, *, price_fen: int, units: int, **product: Any) -> str:
        """Add a product with one SKU and put units of it into the house; return the SKU's id."""
        category = made(self.hua.post("/hq/categories", {"name": f"About {title}"}))
        body = {"category_id": category["id"], "title": title, **product}
        added = made(self.hua.post("/hq/products", body))
        path = f"/hq/products/{added['id']}"
        made(self.hua.patch(path, {"state": "on_sale"}, if_match=added["version"]), 200)
        body = {"product_id": added["id"], "price_fen": price_fen}
        sku = str(made(self.hua.post("/hq/skus", body))["id"])
        body = {"sku_id": sku, "kind": "receipt", "quantity": units, "reason": "delivery"}
        made(self.hua.post("/hq/stock-movements", body))
        self.skus[title] = sku
        return sku

    def recruit(self, name: str) -> dict[str, str]:
        """Accept a shopper as a leader with a community and a pickup point."""
        leader = self.api.shopper(name)
        body = {"name": name.capitalize(), "phone": "13800000000", "region": "Shanghai"}
        application = made(leader.post("/leader-applications", body))
        path = f"/hq/leader-applications/{application['id']}/approval"
        made(self.hua.post(path))
        group = {"name": f"{name}'s neighbours", "purpose": "long_term", "size": 200}
        community = made(leader.post("/leader/communities", {**group, "place": "Huamu Road 7"}))
        place = {"name": f"{name}'s shop", "address": "Huamu Road 7", "opening_hours": "9-21"}
        point = made(leader.post("/leader/pickup-points", place))
        own = made(leader.get("/leader/me"), 200)
        return {"leader": own["id"], "community": community["id"], "point": point["id"]}

    def campaign(
        self,
        prices: dict[str, int],
        *,
        allotment: int = 20,
        opens_in: timedelta = timedelta(hours=1),
        lasts: timedelta = timedelta(days=5),
        kind: str = "community",
        terms: dict[str, Any] | None = None,
        rules: Mapping[str, Any] | None = None,
        **item: Any,
    ) -> str:
        """Plan and schedule a campaign; return its id.

        `rules` are further members of the campaign, all others of each of its items.
        """
        opens_at = self.api.clock.now() + opens_in
        items = [
            {"sku_id": self.skus[title], "price_fen": price, "allotment": allotment, **item}
            for title, price in prices.items()
        ]
        body = {
            "kind": kind,
            "terms": terms or {},
            "title": "This week",
            "opens_at": opens_at.isoformat(),
            "closes_at": (opens_at + lasts).isoformat(),
            "items": items,
            **(rules or {}),
        }
        campaign = made(self.hua.post("/hq/campaigns", body))
        made(self.hua.post(f"/hq/campaigns/{campaign['id']}/schedule"), 200)
        return str(campaign["id"])

    def host(self, name: str, campaign_id: str, places: dict[str, str]) -> dict[str, Any]:
        """Let a leader host a campaign."""
        body = {
            "campaign_id": campaign_id,
            "community_id": places["community"],
            "pickup_point_id": places["point"],
        }
        return made(self.api.shopper(name).post("/leader/group-buys", body))

    def order(
        self, name: str, group_buy_id: str | None, basket: dict[str, int], **extra: Any
    ) -> dict[str, Any]:
        """Ask for a quote and place an order for its price."""
        lines = [{"sku_id": self.skus[title], "quantity": n} for title, n in basket.items()]
        body = {"group_buy_id": group_buy_id, "lines": lines, **extra}
        shopper = self.api.shopper(name)
        quote = made(shopper.post("/quotes", body), 200)
        return made(shopper.post("/orders", {**body, "quote_total_fen": quote["total_fen"]}))

    def pay(self, name: str, order_id: str) -> dict[str, Any]:
        """Pay with the demo provider."""
        return made(self.api.shopper(name).post(f"/orders/{order_id}/payment"), 200)

    def deliver(self, point_id: str) -> str:
        """Ship what is paid to a pickup point, to its arrival; return the shipment's id."""
        shipment = made(self.hua.post("/hq/shipments", {"pickup_point_id": point_id}))
        for step in ("dispatch", "arrival"):
            made(self.hua.post(f"/hq/shipments/{shipment['id']}/{step}"), 200)
        return str(shipment["id"])

    def hand_over(self, leader: str, shopper: str, order_id: str) -> dict[str, Any]:
        """Let the shopper show their code and the leader redeem it."""
        order = made(self.api.shopper(shopper).get(f"/orders/{order_id}"), 200)
        body = {"pickup_point_id": order["pickup_point_id"], "code": order["pickup_code"]}
        return made(self.api.shopper(leader).post("/leader/redemptions", body))

    def refund(self, order_id: str, line_id: str, **what: int) -> dict[str, Any]:
        """Refund a line and let the money go back."""
        line = {"order_line_id": line_id, **what}
        body = {"order_id": order_id, "lines": [line], "reason": "bruised"}
        refund = made(self.hua.post("/hq/refunds", body))
        run_pending()
        return refund

    def tick(self) -> None:
        """Let everything happen that is due by the clock."""
        due = (
            advance_campaigns,
            expire_due,
            settle_campaigns,
            recount_group_buys,
            decide_overdue_after_sales,
            end_unreturned_after_sales,
            complete_due,
            settle_campaigns,
            recount_group_buys,
            return_leftovers,
            confirm_unanswered,
            remind_unclaimed,
            advance_unclaimed,
            put_back_refunded,
        )
        for sweep in due:
            sweep()
        run_pending()

    def wait(self, until: datetime | None = None, **duration: float) -> None:
        """Let time pass, then let everything happen that is due."""
        if until is not None:
            self.api.clock.at = until
        else:
            self.api.clock.advance(**duration)
        self.tick()
