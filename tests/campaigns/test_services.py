"""Planning, hosting, opening and closing, below HTTP."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from groupbuy.campaigns import jobs, queries, services
from groupbuy.campaigns.errors import GroupBuyNotOpen
from groupbuy.campaigns.kinds import registry
from groupbuy.campaigns.kinds.interface import Kind, Terms
from groupbuy.campaigns.models import CampaignItem
from groupbuy.campaigns.rules import GroupBuyFacts
from groupbuy.inventory import services as inventory
from groupbuy.kernel import audit, books
from groupbuy.kernel.access import SYSTEM
from groupbuy.kernel.clock import ManualClock
from groupbuy.kernel.db import session, transaction
from groupbuy.kernel.ids import new_id
from groupbuy.kernel.problems import InvalidInput, NotFound, NotInThisState, NotPermitted
from groupbuy.leaders import services as leaders
from tests.campaigns.reading import available, states
from tests.factories import campaigns as make
from tests.factories import inventory as stock
from tests.factories import leaders as people

pytestmark = pytest.mark.usefixtures("app")
TICK = timedelta(microseconds=1)


def books_are_sound() -> bool:
    session().flush()
    return all(not finding.faults for finding in books.check(queries.INVARIANTS))


class TestStock:
    """What scheduling takes and gives back."""

    def test_it_takes_the_allotment_from_the_house_and_names_the_pool(self) -> None:
        sku = stock.stocked_sku(100)
        campaign = make.scheduled(make.item(sku, allotment=30))
        [item] = queries.items_of(campaign.id)
        assert (available(sku), available(sku, item.id)) == (70, 30)
        assert item.pool_id is not None
        assert books_are_sound()

    def test_it_gives_everything_back_when_it_is_unscheduled_and_can_be_scheduled_again(
        self, clock: ManualClock
    ) -> None:
        sku = stock.stocked_sku(100)
        campaign = make.scheduled(make.item(sku, allotment=30))
        services.unschedule(
            campaign_id=campaign.id, if_match=campaign.version, actor=SYSTEM, now=clock.now()
        )
        [item] = queries.items_of(campaign.id)
        assert (campaign.state, campaign.scheduled_at, item.pool_id) == ("draft", None, None)
        assert available(sku) == 100
        services.schedule(campaign_id=campaign.id, actor=SYSTEM, now=clock.now())
        assert (available(sku), available(sku, item.id)) == (70, 30)

    def test_it_gives_back_at_closing_what_was_not_sold_or_put_aside(
        self, clock: ManualClock
    ) -> None:
        sku = stock.stocked_sku(100)
        campaign = make.opened(make.item(sku, allotment=30))
        [item] = queries.items_of(campaign.id)
        order_id = new_id("ord")
        with transaction():
            inventory.reserve(order_id=order_id, demands={str(item.pool_id): 4}, now=clock.now())
        services.close(campaign_id=campaign.id, actor=SYSTEM, now=clock.now())
        assert (available(sku), available(sku, item.id)) == (96, 0)
        inventory.release(order_id=order_id, now=clock.now())
        assert (available(sku), available(sku, item.id)) == (96, 4)
        jobs.return_leftovers()
        assert (available(sku), available(sku, item.id)) == (100, 0)
        assert services.return_leftovers(now=clock.now()) == 0

    def test_it_leaves_the_pools_of_running_campaigns_alone(self, clock: ManualClock) -> None:
        make.opened()
        assert services.return_leftovers(now=clock.now()) == 0


class TestInstants:
    """advance: campaigns open and close by themselves."""

    def test_it_opens_and_closes_at_its_instants(self, clock: ManualClock) -> None:
        campaign = make.scheduled()
        make.group_buy(campaign)
        assert states(campaign) == ["scheduled", "scheduled"]
        clock.at = campaign.opens_at - TICK
        assert services.advance(now=clock.now()) == 0
        clock.at = campaign.opens_at
        assert services.advance(now=clock.now()) == 1
        assert states(campaign) == ["open", "open"]
        clock.at = campaign.closes_at - TICK
        assert services.advance(now=clock.now()) == 0
        clock.at = campaign.closes_at
        jobs.advance_campaigns()
        assert states(campaign) == ["succeeded", "succeeded"]
        assert (campaign.opened_at, campaign.closed_at) == (campaign.opens_at, campaign.closes_at)
        assert services.advance(now=clock.now()) == 0
        assert books_are_sound()

    def test_it_catches_up_when_it_comes_after_both_instants(self, clock: ManualClock) -> None:
        campaign = make.scheduled()
        make.group_buy(campaign)
        assert services.advance(now=campaign.closes_at + timedelta(days=1)) == 1
        assert states(campaign) == ["succeeded", "succeeded"]

    def test_it_leaves_drafts_and_cancelled_campaigns_alone(self, clock: ManualClock) -> None:
        draft, given_up = make.campaign(), make.campaign()
        services.cancel(campaign_id=given_up.id, actor=SYSTEM, now=clock.now())
        assert services.advance(now=draft.closes_at) == 0

    def test_it_notes_every_change_of_state(self, clock: ManualClock) -> None:
        campaign = make.scheduled()
        group_buy = make.group_buy(campaign)
        services.advance(now=campaign.closes_at)
        session().flush()

        def noted(subject: str) -> list[str]:
            query = select(audit.AuditEntry.action).where(audit.AuditEntry.subject == subject)
            return list(session().scalars(query.order_by(audit.AuditEntry.id)))

        assert noted(campaign.id) == [
            "campaign.create",
            "campaign.schedule",
            "campaign.open",
            "campaign.close",
            "campaign.succeed",
        ]
        assert noted(group_buy.id) == [
            "group_buy.host",
            "group_buy.open",
            "group_buy.close",
            "group_buy.succeed",
        ]

    def test_it_lets_the_kind_decide_each_group_buy(
        self, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        campaign = make.opened()
        lucky, unlucky = make.group_buy(campaign), make.group_buy(campaign)

        class Moody(Kind):
            def outcome(self, terms: Terms, facts: GroupBuyFacts) -> bool:
                return facts.group_buy_id == lucky.id

        monkeypatch.setitem(registry.KINDS, "community", Moody())
        services.close(campaign_id=campaign.id, actor=SYSTEM, now=clock.now())
        assert unlucky.id > lucky.id
        assert states(campaign) == ["succeeded", "succeeded", "failed"]

    def test_it_fails_a_campaign_whose_every_group_buy_failed(
        self, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        campaign = make.opened()
        make.group_buy(campaign)

        class Gloomy(Kind):
            def outcome(self, terms: Terms, facts: GroupBuyFacts) -> bool:
                return False

        monkeypatch.setitem(registry.KINDS, "community", Gloomy())
        services.close(campaign_id=campaign.id, actor=SYSTEM, now=clock.now())
        assert states(campaign) == ["failed", "failed"]


class TestPlanning:
    """What only a caller below HTTP can get wrong."""

    def test_it_refuses_a_kind_that_is_not_registered(self) -> None:
        with pytest.raises(InvalidInput):
            make.campaign(kind="lottery")

    def test_it_keeps_cancelled_group_buys_beside_their_cancelled_campaign(
        self, clock: ManualClock
    ) -> None:
        campaign = make.scheduled()
        make.group_buy(campaign)
        services.unschedule(
            campaign_id=campaign.id, if_match=campaign.version, actor=SYSTEM, now=clock.now()
        )
        assert states(campaign) == ["draft", "scheduled"]
        services.cancel(campaign_id=campaign.id, actor=SYSTEM, now=clock.now())
        assert states(campaign) == ["cancelled", "cancelled"]
        assert books_are_sound()

    def test_it_closes_early_even_when_the_tick_has_not_opened_it_yet(
        self, clock: ManualClock
    ) -> None:
        campaign = make.scheduled()
        with pytest.raises(NotInThisState):
            services.close(campaign_id=campaign.id, actor=SYSTEM, now=clock.now())
        services.close(campaign_id=campaign.id, actor=SYSTEM, now=campaign.opens_at)
        assert states(campaign) == ["succeeded"]

    @pytest.mark.parametrize(
        ("column", "value", "constraint"),
        [
            ("closes_at", "opens_at", "opens_before_it_closes"),
            ("pickup_from", "opens_at", "pickup_window"),
            ("state", "'resting'", "state_known"),
        ],
    )
    def test_it_is_held_by_the_database(self, column: str, value: str, constraint: str) -> None:
        make.campaign()
        with pytest.raises(IntegrityError, match=constraint):
            session().execute(text(f"update campaigns set {column} = {value}"))


class TestHosting:
    """host"""

    def test_it_gives_each_hosting_its_own_share_code(self) -> None:
        campaign = make.scheduled()
        first, second = make.group_buy(campaign), make.group_buy(campaign)
        assert first.share_code != second.share_code
        found = queries.group_buy_by_share_code(first.share_code)
        assert found is not None
        assert found.id == first.id
        assert queries.group_buy_by_share_code("nobody") is None
        ids = {first.id, second.id}
        assert queries.group_buys_by_id(ids).keys() == ids

    def test_it_joins_an_open_campaign_as_open(self) -> None:
        assert make.group_buy(make.opened()).state == "open"

    def test_it_refuses_a_suspended_leader(self, clock: ManualClock) -> None:
        campaign, leader = make.scheduled(), people.leader()
        leaders.suspend(leader_id=leader.id, reason="Silent.", actor=people.hua(), now=clock.now())
        with pytest.raises(NotPermitted):
            make.group_buy(campaign, leader)

    def test_it_refuses_a_campaign_whose_closing_has_come_though_the_tick_has_not(
        self, clock: ManualClock
    ) -> None:
        campaign = make.scheduled()
        clock.at = campaign.closes_at
        with pytest.raises(NotInThisState) as refusal:
            make.group_buy(campaign)
        assert refusal.value.members == {"state": "closed", "action": "host"}


class TestOpenGroupBuy:
    """queries.open_group_buy: exact to the instant, whatever the tick does."""

    def test_it_takes_orders_from_the_first_to_before_the_last_instant_without_any_tick(
        self,
    ) -> None:
        campaign = make.scheduled()
        group_buy = make.group_buy(campaign)
        for now in (campaign.opens_at, campaign.closes_at - TICK):
            assert queries.open_group_buy(group_buy.id, now=now).id == group_buy.id
        for now in (campaign.opens_at - TICK, campaign.closes_at):
            with pytest.raises(GroupBuyNotOpen) as refusal:
                queries.open_group_buy(group_buy.id, now=now)
            assert refusal.value.members == {
                "opens_at": campaign.opens_at.isoformat(),
                "closes_at": campaign.closes_at.isoformat(),
            }
            assert refusal.value.status == 409

    def test_it_tells_what_may_be_ordered_in_two_statements(
        self, clock: ManualClock, count_statements: Callable[[], Any]
    ) -> None:
        apples, pears = stock.stocked_sku(), stock.stocked_sku()
        campaign = make.opened(
            make.item(apples, price_fen=990, limit_per_shopper=3),
            make.item(pears, price_fen=1290, earns_commission=False),
        )
        leader = people.leader()
        group_buy = make.group_buy(campaign, leader)
        with count_statements() as statements:
            found = queries.open_group_buy(group_buy.id, now=clock.now())
        assert len(statements) == 2
        assert (found.campaign_id, found.leader_id) == (campaign.id, leader.id)
        assert (found.share_code, found.pickup_point_id) == (
            group_buy.share_code,
            group_buy.pickup_point_id,
        )
        by_sku = {item.sku_id: item for item in queries.items_of(campaign.id)}
        assert found.items[apples.id] == queries.OpenItem(
            id=by_sku[apples.id].id,
            sku_id=apples.id,
            price_fen=990,
            limit_per_shopper=3,
            pool_id=str(by_sku[apples.id].pool_id),
            earns_commission=True,
            available=found.items[apples.id].available,
        )
        assert found.items[pears.id].earns_commission is False

    def test_it_takes_none_once_closed_early_or_taken_off_the_schedule(
        self, clock: ManualClock
    ) -> None:
        closed = make.group_buy(make.opened())
        services.close(campaign_id=closed.campaign_id, actor=SYSTEM, now=clock.now())
        withdrawn = make.scheduled()
        waiting = make.group_buy(withdrawn)
        services.unschedule(
            campaign_id=withdrawn.id, if_match=withdrawn.version, actor=SYSTEM, now=clock.now()
        )
        for group_buy, now in ((closed, clock.now()), (waiting, withdrawn.opens_at)):
            with pytest.raises(GroupBuyNotOpen):
                queries.open_group_buy(group_buy.id, now=now)

    def test_it_knows_no_group_buy_that_does_not_exist(self, clock: ManualClock) -> None:
        with pytest.raises(NotFound):
            queries.open_group_buy(new_id("gbu"), now=clock.now())


def test_it_finds_an_offered_item_without_a_pool() -> None:
    campaign = make.scheduled()
    session().execute(text("update campaign_items set pool_id = null"))
    [finding] = [
        found
        for found in books.check(queries.INVARIANTS)
        if found.invariant.name == "offered_items_have_stock_pools"
    ]
    assert len(finding.faults) == 1
    assert session().scalars(select(CampaignItem.campaign_id)).one() == campaign.id
