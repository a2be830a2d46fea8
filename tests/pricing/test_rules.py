"""The quote pipeline."""

from groupbuy.pricing.rules import Effect, Offer, Wanted, merge, quote


def offer(sku_id: str, price_fen: int) -> Offer:
    return Offer(sku_id, "prd", sku_id, price_fen, "sku", f"pool-{sku_id}")


class TestQuote:
    """Unit prices, for now."""

    def test_it_sums_the_demand_of_one_sku(self) -> None:
        demand = merge([Wanted("b", 1), Wanted("a", 2), Wanted("b", 3)])
        assert list(demand.items()) == [("a", 2), ("b", 4)]

    def test_it_explains_each_line(self) -> None:
        priced = quote({"a": 2, "b": 1}, {"a": offer("a", 990), "b": offer("b", 15)})
        assert priced.total_fen == 1995
        assert priced.lines[0].amount_fen == 1980
        assert priced.lines[0].effects == (Effect("unit_price", "sku", 1980),)
