"""The quote pipeline, step by step."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from groupbuy.kernel.texts import Text
from groupbuy.pricing.kinds.registry import KINDS
from groupbuy.pricing.rules import Offer, Quote, Wanted, merge, quote
from groupbuy.pricing.rules.coupons import Coupon, CouponFault, Refusal, untimely
from groupbuy.pricing.rules.pipeline import Delivery, Occasion, before_coupon, refusal, saving
from groupbuy.pricing.rules.promotions import Giveaway, Promotion
from groupbuy.pricing.rules.scopes import Goods, Place, Scope

DAY = datetime(2026, 3, 2, tzinfo=UTC)
HALF_A_YUAN_OFF = {"by": "count", "steps": [{"from_units": 1, "off_fen": 50}]}


def offer(sku_id: str, price_fen: int, **more: Any) -> Offer:
    return Offer(sku_id, f"prd-{sku_id}", sku_id, price_fen, "sku", f"pool-{sku_id}", **more)


OFFERS = {
    "a": offer("a", 1000, category_ids=("fruit", "food")),
    "b": offer("b", 300, category_ids=("meat", "food")),
    "c": offer("c", 50),
}


def promotion(kind: str, terms: dict[str, Any], name: str = "prm_1", **more: Any) -> Promotion:
    # The SKUs of these tests are no ids, which the terms of a gift ask for.
    loaded = {"repeats": False, **terms} if kind == "gift" else KINDS[kind].TERMS().load(terms)
    return Promotion(name, Text("周末", "Weekend"), KINDS[kind], loaded, **more)


def coupon(kind: str = "fixed", **more: Any) -> Coupon:
    told = {"fixed": {"off_fen": 500}, "percentage": {"off_bps": 1000}, "delivery": {}}[kind]
    expires_at = DAY.replace(year=2027)
    return Coupon("cpn_1", Text("券", "Voucher"), kind, DAY, expires_at, **{**told, **more})


def priced(demand: dict[str, int], *promotions: Promotion, **occasion: Any) -> Quote:
    return quote(demand, OFFERS, Occasion(promotions=promotions, **occasion))


def amounts(asked: Quote) -> dict[str, int]:
    return {line.offer.sku_id: line.amount_fen for line in asked.bought}


def giveaways(**available: int) -> dict[str, Giveaway]:
    return {
        sku: Giveaway(replace(OFFERS[sku], unit_price_fen=0), units, 300)
        for sku, units in available.items()
    }


class TestUnitPrice:
    """Step 1."""

    def test_it_sums_the_demand_of_one_sku(self) -> None:
        demand = merge([Wanted("b", 1), Wanted("a", 2), Wanted("b", 3)])
        assert list(demand.items()) == [("a", 2), ("b", 4)]

    def test_it_explains_each_line(self) -> None:
        asked = priced({"a": 2, "b": 1})
        assert (asked.goods_fen, asked.discount_fen, asked.total_fen) == (2300, 0, 2300)
        [effect] = asked.lines[0].effects
        assert (effect.step, effect.source, effect.effect_fen) == ("unit_price", "sku", 2000)
        assert effect.text == Text("单价 ¥10 × 2", "Unit price ¥10 × 2")


class TestBuyGet:
    """Step 2: buy N get M."""

    def test_it_frees_the_cheapest_units(self) -> None:
        asked = priced({"a": 2, "b": 2}, promotion("buy_get", {"buy": 2, "get": 1}))
        assert amounts(asked) == {"a": 2000, "b": 300}
        assert asked.lines[1].effects[-1].text.en == "Weekend: buy 2 get 1, 1 free"

    def test_it_goes_on_with_every_full_set_unless_it_is_bounded(self) -> None:
        free = promotion("buy_get", {"buy": 3, "get": 1})
        assert priced({"a": 8}, free).total_fen == 6000
        once = promotion("buy_get", {"buy": 3, "get": 1, "at_most": 1})
        assert priced({"a": 8}, once).total_fen == 7000
        assert priced({"a": 3}, once).total_fen == 3000


class TestGifts:
    """Step 2: gifts."""

    steps: tuple[dict[str, Any], ...] = (
        {"from_units": 3, "gifts": [{"sku_id": "c", "quantity": 1}]},
        {"from_units": 6, "gifts": [{"sku_id": "c", "quantity": 2}]},
    )

    def given(self, demand: dict[str, int], *, left: int = 9, **terms: Any) -> dict[str, int]:
        gift = promotion("gift", {"by": "count", "steps": list(self.steps), **terms})
        asked = priced(demand, gift, giveaways=giveaways(c=left))
        assert asked.total_fen == asked.goods_fen
        return {line.offer.sku_id: line.quantity for line in asked.gifts}

    @pytest.mark.parametrize(("units", "gifts"), [(2, {}), (3, {"c": 1}), (6, {"c": 2})])
    def test_it_gives_by_steps(self, units: int, gifts: dict[str, int]) -> None:
        assert self.given({"a": units}) == gifts

    def test_it_gives_again_and_again_if_it_says_so(self) -> None:
        assert self.given({"a": 10}, steps=[self.steps[0]], repeats=True) == {"c": 3}

    def test_it_gives_what_is_left_and_nothing_when_nothing_is(self) -> None:
        assert self.given({"a": 6}, left=1) == {"c": 1}
        assert self.given({"a": 6}, left=0) == {}

    def test_it_leaves_what_is_bought_of_the_same_pool(self) -> None:
        assert self.given({"a": 6, "c": 4}, left=5) == {"c": 1}


class TestReduction:
    """Step 3: 满减."""

    steps = promotion(
        "reduction",
        {
            "by": "amount",
            "steps": [
                {"from_fen": 2000, "off_fen": 500},
                {"from_fen": 5000, "off_fen": 1500},
            ],
        },
    )

    @pytest.mark.parametrize(("units", "total"), [(1, 1000), (2, 1500), (4, 3500), (9, 7500)])
    def test_it_takes_the_highest_step_once(self, units: int, total: int) -> None:
        assert priced({"a": units}, self.steps).total_fen == total

    def test_it_spreads_by_what_each_line_costs(self) -> None:
        asked = priced({"a": 2, "b": 1, "c": 1}, self.steps)
        assert amounts(asked) == {"a": 1575, "b": 236, "c": 39}
        assert asked.lines[0].effects[-1].text.zh == "周末：满¥20减¥5"

    def test_it_counts_only_what_it_is_about(self) -> None:
        fruit = Scope(Goods.CATEGORIES, frozenset({"fruit"}))
        asked = priced({"a": 1, "b": 9}, replace(self.steps, scope=fruit))
        assert asked.discount_fen == 0
        food = Scope(Goods.CATEGORIES, frozenset({"food"}))
        assert priced({"a": 1, "b": 9, "c": 1}, replace(self.steps, scope=food)).total_fen == 3250

    def test_it_costs_nothing_at_least(self) -> None:
        much = promotion(
            "reduction", {"by": "count", "steps": [{"from_units": 1, "off_fen": 9999}]}
        )
        assert priced({"a": 1, "b": 2}, much).total_fen == 0


class TestRivals:
    """Which promotions act together."""

    def test_it_takes_what_gives_most_where_one_stands_alone(self) -> None:
        small = promotion("reduction", HALF_A_YUAN_OFF, "prm_1", priority=9)
        much = {"by": "count", "steps": [{"from_units": 1, "off_fen": 80}]}
        big = promotion("reduction", much, "prm_2", stacks_with_promotions=False)
        asked = priced({"a": 1}, small, big)
        assert (asked.total_fen, asked.promotion_ids) == (920, ["prm_2"])
        both = priced({"a": 1}, small, replace(big, stacks_with_promotions=True))
        assert both.total_fen == 870

    def test_it_breaks_a_tie_by_priority_then_by_age(self) -> None:
        def alone(name: str, priority: int) -> Promotion:
            return promotion(
                "reduction",
                HALF_A_YUAN_OFF,
                name,
                priority=priority,
                stacks_with_promotions=False,
            )

        assert priced({"a": 1}, alone("prm_1", 0), alone("prm_2", 1)).promotion_ids == ["prm_2"]
        assert priced({"a": 1}, alone("prm_2", 0), alone("prm_1", 0)).promotion_ids == ["prm_1"]

    def test_it_lets_those_act_that_share_no_line(self) -> None:
        one, other = (
            promotion(
                "reduction",
                HALF_A_YUAN_OFF,
                f"prm_{sku}",
                scope=Scope(Goods.SKUS, frozenset({sku})),
                stacks_with_promotions=False,
            )
            for sku in ("a", "b")
        )
        assert priced({"a": 1, "b": 1}, one, other).discount_fen == 100

    def test_it_is_for_members_and_newcomers_and_places_that_it_says(self) -> None:
        members = promotion("reduction", HALF_A_YUAN_OFF, members_only=True)
        assert priced({"a": 1}, members).discount_fen == 0
        assert priced({"a": 1}, members, member=True).discount_fen == 50
        newcomers = promotion("reduction", HALF_A_YUAN_OFF, newcomers_only=True)
        assert priced({"a": 1}, newcomers).discount_fen == 0
        assert priced({"a": 1}, newcomers, newcomer=True).discount_fen == 50
        here = {Place.HOUSE: (50, 0), Place.CAMPAIGNS: (0, 50), Place.EVERYWHERE: (50, 50)}
        for place, expected in here.items():
            one = promotion("reduction", HALF_A_YUAN_OFF, scope=Scope(place=place))
            found = [priced({"a": 1}, one, campaign_id=i).discount_fen for i in (None, "cmp_1")]
            assert tuple(found) == expected
        only = Scope(place=Place.CAMPAIGN, campaign_id="cmp_1")
        one = promotion("reduction", HALF_A_YUAN_OFF, scope=only)
        assert priced({"a": 1}, one, campaign_id="cmp_1").discount_fen == 50
        assert priced({"a": 1}, one, campaign_id="cmp_2").discount_fen == 0


class TestCoupons:
    """Step 4."""

    def refused(self, one: Coupon, *promotions: Promotion, **occasion: Any) -> Refusal | None:
        there = Occasion(promotions=promotions, **occasion)
        return refusal(before_coupon({"a": 1, "b": 1}, OFFERS, there), one, there)

    @pytest.mark.parametrize(
        ("one", "total"),
        [
            (coupon(), 800),
            (coupon(off_fen=9999), 0),
            (coupon("percentage"), 1170),
            (coupon("percentage", cap_fen=99), 1201),
            (coupon(scope=Scope(Goods.PRODUCTS, frozenset({"prd-b"}))), 1000),
            (coupon(from_fen=1300), 800),
            (coupon(from_fen=1301), 1300),
        ],
    )
    def test_it_takes_off_what_it_says(self, one: Coupon, total: int) -> None:
        assert priced({"a": 1, "b": 1}, coupon=one).total_fen == total
        assert saving(Quote(), one, Occasion()) == 0

    def test_it_says_why_one_does_not_apply(self) -> None:
        elsewhere = coupon(scope=Scope(place=Place.CAMPAIGNS))
        assert self.refused(elsewhere) == Refusal(CouponFault.NOT_HERE)
        other_goods = coupon(scope=Scope(Goods.SKUS, frozenset({"c"})))
        assert self.refused(other_goods) == Refusal(CouponFault.NO_ELIGIBLE_GOODS)
        high = coupon(from_fen=1500)
        assert self.refused(high) == Refusal(CouponFault.THRESHOLD_NOT_REACHED, 200)
        alone = promotion("reduction", HALF_A_YUAN_OFF, stacks_with_coupon=False)
        assert self.refused(coupon(), alone) == Refusal(CouponFault.NOT_WITH_PROMOTION)
        assert self.refused(coupon("delivery")) == Refusal(CouponFault.NOTHING_TO_REDUCE)
        free = promotion(
            "reduction", {"by": "count", "steps": [{"from_units": 1, "off_fen": 9999}]}
        )
        assert self.refused(coupon(), free) == Refusal(CouponFault.NOTHING_TO_REDUCE)
        assert self.refused(coupon()) is None

    def test_it_knows_its_time_and_its_order(self) -> None:
        one = coupon()
        assert untimely(one, DAY) is None
        assert untimely(one, DAY.replace(year=2025)) == Refusal(CouponFault.NOT_STARTED)
        assert untimely(one, one.expires_at) == Refusal(CouponFault.EXPIRED)
        assert untimely(replace(one, free=False), DAY) == Refusal(CouponFault.NOT_FREE)

    def test_it_tells_what_the_platform_pays_for(self) -> None:
        asked = priced({"a": 1, "b": 1}, coupon=coupon(platform_funded=True))
        effects = [line.effects[-1] for line in asked.lines]
        assert [(e.effect_fen, e.platform_fen) for e in effects] == [(-385, -385), (-115, -115)]

    def test_it_touches_only_lines_that_go_with_it(self) -> None:
        scope = Scope(Goods.SKUS, frozenset({"a"}))
        alone = promotion("reduction", HALF_A_YUAN_OFF, scope=scope, stacks_with_coupon=False)
        asked = priced({"a": 1, "b": 1}, alone, coupon=coupon())
        assert amounts(asked) == {"a": 950, "b": 0}


class TestDelivery:
    """Step 5."""

    fee = Delivery(600, 3000)

    def test_it_costs_on_an_order_from_the_house(self) -> None:
        asked = priced({"a": 1}, delivery=self.fee)
        assert (asked.delivery_fen, asked.total_fen) == (600, 1600)
        assert priced({"a": 1}, delivery=self.fee, campaign_id="cmp_1").total_fen == 1000

    def test_it_is_free_from_an_amount_after_every_discount(self) -> None:
        assert priced({"a": 3}, delivery=self.fee).delivery_fen == 0
        asked = priced({"a": 3}, delivery=self.fee, coupon=coupon())
        assert (asked.delivery_fen, asked.total_fen) == (600, 3100)
        assert [effect.effect_fen for effect in asked.delivery_effects] == [600]

    def test_it_is_waived_by_a_promotion(self) -> None:
        waiver = promotion("free_delivery", {"from_fen": 900})
        assert priced({"a": 1}, waiver, delivery=self.fee).delivery_fen == 0
        assert priced({"b": 1}, waiver, delivery=self.fee).delivery_fen == 600
        alone = replace(waiver, stacks_with_coupon=False)
        asked = priced({"a": 2}, alone, delivery=self.fee, coupon=coupon())
        assert asked.delivery_fen == 600

    def test_it_is_waived_by_another_when_one_does_not_go_with_the_coupon(self) -> None:
        alone = promotion("free_delivery", {"from_fen": 0}, stacks_with_coupon=False)
        alone = replace(alone, stacks_with_promotions=False)
        other = promotion("free_delivery", {"from_fen": 0}, "prm_2")
        asked = priced({"a": 1}, alone, other, delivery=self.fee, coupon=coupon())
        assert (asked.delivery_fen, asked.promotion_ids) == (0, ["prm_2"])

    @pytest.mark.parametrize(("off_fen", "left"), [(None, 0), (400, 200), (999, 0)])
    def test_it_is_waived_by_a_coupon(self, off_fen: int | None, left: int) -> None:
        one = coupon("delivery", off_fen=off_fen)
        asked = priced({"a": 1}, delivery=self.fee, coupon=one)
        assert (asked.delivery_fen, asked.discount_fen) == (left, 0)
        assert asked.used(one.id)


class TestTerms:
    """What the kinds refuse."""

    @pytest.mark.parametrize(
        ("kind", "terms"),
        [
            ("buy_get", {"buy": 0, "get": 1}),
            ("buy_get", {"buy": 1, "get": 1, "colour": "red"}),
            ("free_delivery", {}),
            ("reduction", {"by": "amount", "steps": []}),
            ("reduction", {"by": "amount", "steps": [{"from_units": 1, "off_fen": 1}]}),
            (
                "reduction",
                {
                    "by": "amount",
                    "steps": [{"from_fen": 9, "off_fen": 1}, {"from_fen": 9, "off_fen": 2}],
                },
            ),
            ("gift", {"by": "count", "steps": [{"from_units": 1, "gifts": []}]}),
        ],
    )
    def test_it_refuses_terms_that_mean_nothing(self, kind: str, terms: dict[str, Any]) -> None:
        assert KINDS[kind].TERMS().validate(terms)

    def test_it_shows_a_quote_in_one_language(self) -> None:
        shown = priced({"a": 1}, delivery=Delivery(600)).shown("en")
        assert shown["lines"][0]["effects"][0]["text"] == "Unit price ¥10 × 1"
        assert shown["delivery_effects"][0]["text"] == "Delivery fee"
