"""Two at once, with real commits: each interleaving is forced."""

import threading

import pytest
from flask import Flask

from groupbuy.campaigns import services
from groupbuy.campaigns.errors import AlreadyHosted
from groupbuy.kernel.access import SYSTEM
from groupbuy.kernel.clock import ManualClock
from groupbuy.kernel.db import transaction
from groupbuy.kernel.problems import NotInThisState
from tests.campaigns.reading import available, states
from tests.factories import campaigns as make
from tests.factories import inventory as stock
from tests.factories import leaders as people

pytestmark = [pytest.mark.usefixtures("app"), pytest.mark.committed]


def test_it_leaves_a_campaign_that_somebody_else_is_moving_to_them(
    app: Flask, clock: ManualClock
) -> None:
    campaign = make.scheduled()
    moved: list[int] = []

    def other_worker() -> None:
        with app.app_context(), transaction():
            moved.append(services.advance(now=campaign.opens_at))

    thread = threading.Thread(target=other_worker)
    with transaction():
        assert services.advance(now=campaign.opens_at) == 1
        thread.start()
        thread.join(timeout=10)
        assert not thread.is_alive()
    assert moved == [0]
    assert states(campaign) == ["open"]


def test_it_does_not_lose_a_hosting_that_meets_the_opening(app: Flask, clock: ManualClock) -> None:
    campaign, leader = make.scheduled(), people.leader()
    community, point = people.community(leader), people.pickup_point(leader)
    moved: list[int] = []

    def worker() -> None:
        with app.app_context(), transaction():
            moved.append(services.advance(now=campaign.opens_at))

    thread = threading.Thread(target=worker)
    with transaction():
        make.group_buy(campaign, leader, community=community, point=point)
        thread.start()
        thread.join(timeout=10)
        assert not thread.is_alive()
    assert moved == [0]
    assert services.advance(now=campaign.opens_at) == 1
    assert states(campaign) == ["open", "open"]


def test_it_hosts_once_when_the_leader_taps_twice(app: Flask) -> None:
    campaign, leader = make.scheduled(), people.leader()
    community, point = people.community(leader), people.pickup_point(leader)
    ends: list[str] = []

    def second_tap() -> None:
        with app.app_context():
            try:
                make.group_buy(campaign, leader, community=community, point=point)
            except AlreadyHosted as refusal:
                ends.append(str(refusal.members["group_buy_id"]))

    thread = threading.Thread(target=second_tap)
    with transaction():
        first = make.group_buy(campaign, leader, community=community, point=point)
        thread.start()
        thread.join(timeout=0.3)
        assert thread.is_alive()
    thread.join(timeout=10)
    assert ends == [first.id]


def test_it_schedules_once_when_two_schedule_at_once(app: Flask, clock: ManualClock) -> None:
    sku = stock.stocked_sku(100)
    campaign = make.campaign(make.item(sku, allotment=30))
    now = clock.now()
    ends: list[str] = []

    def second() -> None:
        with app.app_context():
            try:
                with transaction():
                    services.schedule(campaign_id=campaign.id, actor=SYSTEM, now=now)
            except NotInThisState as refusal:
                ends.append(str(refusal.members["state"]))

    thread = threading.Thread(target=second)
    with transaction():
        services.schedule(campaign_id=campaign.id, actor=SYSTEM, now=now)
        thread.start()
        thread.join(timeout=0.3)
        assert thread.is_alive()
    thread.join(timeout=10)
    assert ends == ["scheduled"]
    assert available(sku) == 70
