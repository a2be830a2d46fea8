"""A campaign that Mei hosts, as the stories about kinds of campaigns tell it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tests.journeys.headquarters import Shop, made


@dataclass
class Sale:
    """A campaign of eggs that Mei hosts and that is open."""

    shop: Shop
    campaign: str
    group_buy: str
    point: str

    @property
    def closes_at(self) -> datetime:
        """Return when it closes."""
        shown = made(self.shop.hua.get(f"/hq/campaigns/{self.campaign}"), 200)
        return datetime.fromisoformat(shown["closes_at"])

    def buy(self, name: str, units: int = 1) -> dict[str, Any]:
        """Let a shopper order and pay; return the order."""
        order = self.shop.order(name, self.group_buy, {"Eggs": units})
        self.shop.pay(name, order["id"])
        return self.order(name, order["id"])

    def order(self, name: str, order_id: str) -> dict[str, Any]:
        """Return an order as its shopper sees it."""
        return made(self.shop.api.shopper(name).get(f"/orders/{order_id}"), 200)

    def shown(self) -> dict[str, Any]:
        """Return the group buy as anybody sees it."""
        return made(self.shop.api.anonymous.get(f"/group-buys/{self.group_buy}"), 200)

    def closing(self) -> dict[str, Any]:
        """Return how far headquarters sees it settled."""
        return made(self.shop.hua.get(f"/hq/campaigns/{self.campaign}/closing"), 200)


def sale(shop: Shop, **campaign: Any) -> Sale:
    """Open a campaign of eggs at ¥10 that Mei hosts."""
    mei = shop.recruit("mei")
    planned = shop.campaign({"Eggs": 1000}, **campaign)
    group_buy = shop.host("mei", planned, mei)["id"]
    shop.wait(hours=1)
    return Sale(shop, planned, group_buy, mei["point"])


def actions(order: dict[str, Any]) -> list[str]:
    """Return how an order moved."""
    return [step["action"] for step in order["timeline"] if step["kind"] == "order"]
