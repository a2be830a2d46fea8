"""What happens to orders by the clock."""

from groupbuy.campaigns.queries import campaign
from groupbuy.orders.jobs import fulfil_campaigns
from tests.client import Api
from tests.journeys.headquarters import Shop


class TestFulfilment:
    """A campaign is fulfilled when its last order has come to an end."""

    def test_it_fulfils_a_campaign_after_its_last_order(self, api: Api) -> None:
        shop = Shop(api)
        shop.stock("Eggs", price_fen=1500, units=50)
        mei = shop.recruit("mei")
        sale = shop.campaign({"Eggs": 1000})
        hosted = shop.host("mei", sale, mei)["id"]
        shop.wait(hours=1)
        order = shop.order("bo", hosted, {"Eggs": 1})
        shop.order("zed", hosted, {"Eggs": 1})
        shop.pay("bo", order["id"])
        shop.wait(days=5)
        shop.deliver(mei["point"])
        fulfil_campaigns()
        assert campaign(sale).state == "succeeded"
        shop.hand_over("mei", "bo", order["id"])
        shop.wait(hours=24)
        fulfil_campaigns()
        assert campaign(sale).state == "fulfilled"
