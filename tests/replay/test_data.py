"""The data, rules 1 to 3 and 5: two readings of the same file, pandas' and pyarrow's, agree."""

from zoneinfo import ZoneInfo

import pytest

from groupbuy.kernel.clock import Calendar
from scripts.replay_data import Journey, load
from scripts.replay_timeline import Action, refund_days, timeline
from tests.replay import oracle

CALENDAR = Calendar(ZoneInfo("Asia/Shanghai"))


@pytest.fixture(scope="module")
def january() -> Journey:
    return load(20, ["2017-01"], CALENDAR)


def priced(journey: Journey) -> list[tuple[int, int, int, int]]:
    prices = {week.monday: week.prices_fen for week in journey.weeks}
    return [
        (basket.id, item.product_id, item.quantity, prices[basket.week][item.product_id])
        for basket in journey.baskets
        for item in basket.items
    ]


class TestJourney:
    """What is kept, who is who, what it costs."""

    def test_it_has_the_published_size(self, january: Journey) -> None:
        gmv_fen = sum(quantity * price for _, _, quantity, price in priced(january))
        refunds = [basket for basket in january.baskets if refund_days(basket.id)]
        assert len(january.baskets) == 3_699
        assert january.lines == 37_927
        assert gmv_fen == 11_546_212
        assert len(refunds) == 50

    @pytest.mark.parametrize(
        ("stores", "months"), [(1, ["2017-12"]), (3, ["2017-02", "2017-03"]), (7, ["2017-05"])]
    )
    def test_it_is_what_the_oracle_reads(self, stores: int, months: list[str]) -> None:
        lines = oracle.priced_lines(stores, months)
        expected = [
            (line["basket_id"], line["product_id"], line["quantity"], line["price_fen"])
            for line in lines
        ]
        journey = load(stores, months, CALENDAR)
        assert priced(journey) == expected
        assert [basket.placed_at for basket in journey.baskets] == sorted(
            {line["basket_id"]: line["placed_at"] for line in lines}.values()
        )

    def test_it_gives_a_week_to_the_year_it_mostly_lies_in(self, january: Journey) -> None:
        assert [week.name for week in january.weeks] == [
            "2016-W52",
            *(f"2017-W0{number}" for number in range(1, 6)),
        ]

    def test_it_places_every_basket_within_its_week(self, january: Journey) -> None:
        weeks = {week.monday: week for week in january.weeks}
        for basket in january.baskets:
            week = weeks[basket.week]
            assert week.opens_at <= basket.placed_at < week.closes_at

    def test_it_knows_the_place_of_every_product_sold(self, january: Journey) -> None:
        known = {product.id: product for product in january.products}
        assert {item.product_id for basket in january.baskets for item in basket.items} == set(
            known
        )
        assert all(product.title and all(product.path) for product in known.values())

    def test_it_says_when_there_is_no_data(self) -> None:
        with pytest.raises(ValueError, match="2018-02"):
            load(1, ["2018-02"], CALENDAR)


class TestTimeline:
    """When what happens."""

    def test_it_is_the_same_every_time(self, january: Journey) -> None:
        assert timeline(january, CALENDAR, hold_days=7) == timeline(january, CALENDAR, hold_days=7)

    def test_it_tells_each_order_from_placing_to_completion(self, january: Journey) -> None:
        events = timeline(january, CALENDAR, hold_days=7)
        ticks = {event.at for event in events if event.action is Action.RUN_JOBS}
        placed = {e.subject[0]: e.at for e in events if e.action is Action.PLACE}
        picked_up = {e.subject[0]: e.at for e in events if e.action is Action.PICK_UP}
        assert list(placed) == list(range(3_699)), "orders are placed in ascending (time, basket)"
        for number, at in picked_up.items():
            local, before = (t.astimezone(CALENDAR.zone) for t in (at, placed[number]))
            assert (local.hour, local.minute, (local.date() - before.date()).days) == (18, 0, 1)
            assert CALENDAR.midnight(CALENDAR.day_of(at)) < at
        assert len(ticks) == 31 + 7, "each evening's completions, each Monday's opening and closing"

    def test_it_settles_the_months_with_an_event_after_their_cutoff(self, january: Journey) -> None:
        events = timeline(january, CALENDAR, hold_days=7)
        settled = [
            e.at.astimezone(CALENDAR.zone) for e in events if e.action is Action.SETTLE_MONTH
        ]
        assert [f"{at:%Y-%m-%d %H:%M}" for at in settled] == [
            "2017-02-08 00:10",
            "2017-03-08 00:10",
            "2017-04-08 00:10",
        ]
