"""What leaders see of their earnings: each line's place, and a month from estimate to money."""

from collections.abc import Callable
from typing import Any

import pytest

from groupbuy.holds import services as holds
from groupbuy.kernel.clock import ManualClock
from groupbuy.kernel.db import session, transaction
from groupbuy.kernel.jobs import run_pending
from groupbuy.settlement import services as settlement
from tests.client import Api
from tests.factories import commissions
from tests.factories import payouts as make
from tests.factories.commissions import APPROVER, FINANCE, Stall
from tests.factories.settlement import after_cutoff, approved, local, statement_of
from tests.payouts.conftest import Puppet
from tests.settlement.test_api import refused

MARCH, APRIL, MAY, JUNE = "2026-03", "2026-04", "2026-05", "2026-06"
EARNINGS = "/leader/earnings"
LINES = f"{EARNINGS}/lines"


@pytest.fixture
def mei(api: Api) -> Stall:
    """Mei's stall, Mei herself logged in; she can be paid, without tax."""
    commissions.published()
    own = commissions.stall(by=api.shopper("mei").id)
    make.account(own.leader_id)
    make.regime()
    return own


@pytest.fixture
def lan(api: Api, mei: Stall) -> Stall:
    """Another leader, logged in as Lan."""
    return commissions.stall(by=api.shopper("lan").id)


def lines(api: Api, name: str = "mei", **query: Any) -> list[dict[str, Any]]:
    session().expire_all()
    answer = api.shopper(name).get(LINES, **query)
    assert answer.status_code == 200, answer.text
    return list(answer.json["items"])


def places(api: Api, name: str = "mei") -> list[tuple[str, int | None, int]]:
    """Return each line's state, what it was settled with and what is left, the latest first."""
    return [(row["state"], row["settled_fen"], row["left_fen"]) for row in lines(api, name)]


def states(api: Api, name: str = "mei") -> list[str]:
    return [state for state, *_ in places(api, name)]


def figures(api: Api, **query: Any) -> dict[str, Any]:
    session().expire_all()
    answer = api.shopper("mei").get(EARNINGS, **query)
    assert answer.status_code == 200, answer.text
    return dict(answer.json)


def settled(clock: ManualClock, *months: str) -> None:
    """Settle months; leaders confirm their statements by silence."""
    for each in months:
        clock.at = max(clock.at, after_cutoff(each))
        approved(each)
        clock.advance(days=4)
        with transaction():
            settlement.auto_confirm(now=clock.now())


class TestALine:
    def test_it_goes_from_the_estimate_to_the_money(
        self, api: Api, mei: Stall, clock: ManualClock, puppet: Puppet
    ) -> None:
        assert lines(api) == []
        mei.pay(500_000, paid_at=local("2026-03-25 12:00"))
        assert places(api) == [("estimated", None, 0)]
        mei.sell(600_000, at=local("2026-03-20 12:00"))
        assert states(api) == ["estimated", "pending"]
        settled(clock, MARCH)
        assert places(api) == [("estimated", None, 0), ("settled", 30_000, 30_000)]
        assert lines(api)[1]["statement_id"] == statement_of(mei.leader_id, MARCH).id
        make.executing()
        assert states(api) == ["estimated", "settled"]
        run_pending()
        assert states(api) == ["estimated", "paid"]

    def test_it_is_not_paid_by_what_failed(self, api: Api, mei: Stall, clock: ManualClock) -> None:
        mei.sell_each(600_260)
        settled(clock, MARCH)
        assert statement_of(mei.leader_id, MARCH).payout_fen % 100 == 13
        make.paid()
        assert [item.state for item in make.items()] == ["failed"]
        assert states(api) == ["settled"]

    def test_it_is_reversed_by_refunds_after_it_was_paid(
        self, api: Api, mei: Stall, clock: ManualClock
    ) -> None:
        [line] = mei.sell_each(600_000)
        settled(clock, MARCH)
        make.paid()
        commissions.refund(line, 200_000, at=local("2026-04-20 12:00"))
        assert states(api) == ["paid"]
        settled(clock, APRIL)
        assert places(api) == [("partly_reversed", 30_000, 20_000)]
        commissions.refund(line, 400_000, at=local("2026-05-20 12:00"))
        settled(clock, MAY)
        assert places(api) == [("reversed", 30_000, 0)]

    def test_it_is_reversed_if_all_was_given_back_before_it_was_settled(
        self, api: Api, mei: Stall
    ) -> None:
        line = commissions.commission_of(mei.pay(600_000, paid_at=local("2026-03-02 09:00")).id)
        commissions.refund(line, 200_000, at=local("2026-03-03 09:00"))
        assert states(api) == ["estimated"]
        commissions.refund(line, 400_000, at=local("2026-03-04 09:00"))
        assert states(api) == ["reversed"]

    def test_it_is_paid_with_the_month_that_pays_what_was_carried(
        self, api: Api, mei: Stall, clock: ManualClock
    ) -> None:
        mei.sell_each(100_000)
        settled(clock, MARCH)
        assert statement_of(mei.leader_id, MARCH).payout_fen == 0
        mei.sell_each(300_000, month=APRIL)
        settled(clock, APRIL)
        assert states(api) == ["settled", "settled"]
        make.paid(month=APRIL)
        assert places(api) == [("paid", 15_000, 15_000), ("paid", 5_000, 5_000)]

    def test_it_is_not_paid_while_it_is_held(
        self, api: Api, mei: Stall, clock: ManualClock
    ) -> None:
        first, _ = mei.sell_each(600_000, 600_000)
        with transaction():
            hold = holds.place_by_hand(
                order_id=first.order_id, reason="odd", actor=FINANCE, now=local("2026-03-20 12:00")
            )
        settled(clock, MARCH)
        make.paid()
        assert states(api) == ["paid", "settled"]
        with transaction():
            holds.release(
                hold_id=hold.id, reason="fine", actor=APPROVER, now=local("2026-04-20 12:00")
            )
        settled(clock, APRIL)
        assert states(api) == ["paid", "settled"]
        make.paid(month=APRIL)
        assert states(api) == ["paid", "paid"]

    def test_it_is_not_paid_while_a_dispute_holds_it(
        self, api: Api, mei: Stall, clock: ManualClock
    ) -> None:
        mei.sell_each(600_000, 600_000)
        clock.at = after_cutoff(MARCH)
        approved(MARCH)
        path = f"/leader/statements/{statement_of(mei.leader_id, MARCH).id}/disputes"
        answer = api.shopper("mei").post(path, {"position": 0, "reason": "It was 700,000"})
        dispute = f"/hq/disputes/{answer.json['id']}"
        make.paid()
        assert [item.gross_fen for item in make.items()] == [34_000]
        assert states(api) == ["paid", "settled"]
        finance, approver = api.staff("finance"), api.staff("approver")
        finance.post(f"{dispute}/review")
        approver.post(f"{dispute}/decision", {"outcome": "rejected", "note": "It was 600,000"})
        assert states(api) == ["paid", "settled"]
        make.paid()
        assert states(api) == ["paid", "paid"]


class TestAMovedLine:
    def test_it_is_the_new_leader_s_alone_before_it_is_settled(
        self, api: Api, mei: Stall, lan: Stall, clock: ManualClock
    ) -> None:
        [line] = mei.sell_each(600_000)
        commissions.transferred(line, lan, at=local("2026-03-20 12:00"))
        assert (states(api), states(api, "lan")) == ([], ["pending"])
        settled(clock, MARCH)
        [row] = lines(api, "lan")
        assert (row["state"], row["settled_fen"]) == ("settled", 30_000)
        assert row["statement_id"] == statement_of(lan.leader_id, MARCH).id

    def test_it_shows_the_new_leader_nothing_of_the_old_one_s_statement(
        self, api: Api, mei: Stall, lan: Stall, clock: ManualClock
    ) -> None:
        [line] = mei.sell_each(600_000)
        settled(clock, MARCH)
        commissions.refund(line, 300_000, at=local("2026-04-15 12:00"))
        commissions.transferred(line, lan, at=local("2026-04-20 12:00"))
        [row] = lines(api, "lan")
        assert (row["state"], row["statement_id"], row["settled_fen"]) == ("pending", None, None)
        settled(clock, APRIL)
        [row] = lines(api, "lan")
        assert row["statement_id"] == statement_of(lan.leader_id, APRIL).id
        assert places(api, "lan") == [("settled", 15_000, 15_000)]
        assert lines(api) == []
        commissions.refund(line, 100_000, at=local("2026-05-15 12:00"))
        settled(clock, MAY)
        assert places(api, "lan") == [("partly_reversed", 15_000, 10_000)]

    def test_it_says_why_it_earns_the_new_leader_nothing(
        self, api: Api, mei: Stall, lan: Stall
    ) -> None:
        [line] = mei.sell_each(600_000)
        commissions.transferred(line, lan, at=local("2026-03-20 12:00"), commissionable=False)
        [row] = lines(api, "lan")
        assert (row["order_id"], row["reason"]) == (line.order_id, "self_purchase")
        commissions.transferred(line, mei, at=local("2026-03-21 12:00"))
        [row] = lines(api)
        assert row["reason"] is None
        assert lines(api, "lan") == []

    def test_it_is_nobody_s_when_it_went_to_the_house(
        self, api: Api, mei: Stall, lan: Stall
    ) -> None:
        first, second = mei.sell_each(600_000, 600_000)
        commissions.transferred(first, None, at=local("2026-03-20 12:00"))
        [row] = lines(api)
        assert row["order_id"] == second.order_id
        commissions.transferred(first, lan, at=local("2026-03-21 12:00"))
        [row] = lines(api, "lan")
        assert row["order_id"] == first.order_id


class TestTheList:
    def test_it_is_read_in_pages_with_what_was_given(
        self, api: Api, mei: Stall, lan: Stall
    ) -> None:
        own = mei.sell_each(100_000, 200_000, 300_000)
        given = lan.sell_each(400_000, 500_000)
        for line in given:
            commissions.transferred(line, mei, at=local("2026-03-20 12:00"))
        expected = sorted((*own, *given), key=lambda line: (line.paid_at, line.id), reverse=True)
        seen, cursor = [], None
        while True:
            page = api.shopper("mei").get(LINES, limit=2, **({"cursor": cursor} if cursor else {}))
            seen += [row["order_id"] for row in page.json["items"]]
            cursor = page.json["next_cursor"]
            if cursor is None:
                break
        assert seen == [line.order_id for line in expected]
        refused(api.shopper("mei").get(LINES, cursor="nonsense"), 422, "invalid-input")

    def test_it_is_read_with_a_constant_number_of_statements(
        self, api: Api, mei: Stall, clock: ManualClock, count_statements: Callable[[], Any]
    ) -> None:
        mei.sell_each(*[100_000] * 12)
        settled(clock, MARCH)
        make.paid()
        assert set(states(api)) == {"paid"}
        counts = []
        for limit in (1, 12):
            with count_statements() as statements:
                assert len(lines(api, limit=limit)) == limit
            counts.append(len(statements))
        assert counts[0] == counts[1]

    def test_it_is_for_leaders_only(self, api: Api, mei: Stall) -> None:
        for path in (EARNINGS, LINES):
            refused(api.anonymous.get(path), 401, "not-authenticated")
            refused(api.shopper("zed").get(path), 403, "not-permitted")
            refused(api.staff("finance").get(path), 403, "not-permitted")
            refused(api.shopper("mei").get(path, leader=mei.leader_id), 422, "invalid-input")


class TestAMonth:
    def test_it_is_empty_before_the_first_sale(self, api: Api, mei: Stall) -> None:
        empty = figures(api)
        assert empty["month"] == MARCH
        amounts = ("estimated", "pending", "settled", "carried", "paying", "paid", "volume")
        assert {empty[f"{name}_fen"] for name in amounts} == {0}
        assert (empty["statement_id"], empty["quota"]) == (None, None)
        assert empty["tier"] == {"from_fen": 0, "rate_bps": 500}
        assert empty["next_tier"]["fen_to_go"] == 1_000_000
        assert figures(api, month="2019-01")["volume_fen"] == 0
        for month in ("2026-13", "2026-3", "", "1899-01"):
            refused(api.shopper("mei").get(EARNINGS, month=month), 422, "invalid-input")

    def test_it_is_told_by_amounts_as_it_goes(
        self, api: Api, mei: Stall, clock: ManualClock
    ) -> None:
        clock.at = local("2026-03-26 12:00")
        mei.sell(600_000, at=local("2026-03-20 12:00"))
        mei.pay(500_000, paid_at=local("2026-03-25 12:00"))
        running = figures(api)
        assert (running["pending_fen"], running["estimated_fen"]) == (30_000, 20_000 + 7_000)
        settled(clock, MARCH)
        told = figures(api, month=MARCH)
        assert (told["pending_fen"], told["settled_fen"], told["paid_fen"]) == (0, 30_000, 0)
        assert told["statement_id"] == statement_of(mei.leader_id, MARCH).id
        make.executing()
        assert figures(api, month=MARCH)["paying_fen"] == 30_000
        run_pending()
        told = figures(api, month=MARCH)
        assert (told["paying_fen"], told["paid_fen"], told["carried_fen"]) == (0, 30_000, 0)

    def test_it_tells_what_was_carried_on_once(
        self, api: Api, mei: Stall, clock: ManualClock
    ) -> None:
        mei.sell_each(100_000)
        mei.sell_each(300_000, month=APRIL)
        settled(clock, MARCH, APRIL)
        march, april = figures(api, month=MARCH), figures(api, month=APRIL)
        assert (march["settled_fen"], march["carried_fen"]) == (5_000, 5_000)
        assert (april["settled_fen"], april["carried_fen"]) == (15_000, 0)

    def test_it_tells_the_tier_the_next_one_and_the_quota(
        self, api: Api, clock: ManualClock
    ) -> None:
        commissions.published(quota_bonus={"quota_fen": 2_000_000, "bonus_fen": 8_800})
        mei = commissions.stall(by=api.shopper("mei").id)
        clock.at = local("2026-03-26 12:00")
        mei.sell_each(600_000, 399_999)
        told = figures(api)
        assert told["tier"] == {"from_fen": 0, "rate_bps": 500}
        assert told["next_tier"] == {"from_fen": 1_000_000, "rate_bps": 700, "fen_to_go": 1}
        assert told["quota"] == {
            "quota_fen": 2_000_000,
            "bonus_fen": 8_800,
            "fen_to_go": 1_000_001,
        }
        mei.sell(4_000_001, at=local("2026-03-24 12:00"))
        told = figures(api)
        assert (told["tier"]["rate_bps"], told["next_tier"]) == (900, None)
        assert told["quota"]["fen_to_go"] == 0

    def test_it_is_one_s_own_alone(self, api: Api, mei: Stall, lan: Stall) -> None:
        lan.sell_each(600_000)
        assert figures(api)["volume_fen"] == 0
        assert lines(api) == []

    def test_it_is_read_with_a_constant_number_of_statements(
        self, api: Api, mei: Stall, clock: ManualClock, count_statements: Callable[[], Any]
    ) -> None:
        counts = []
        for count in (1, 12):
            mei.sell_each(*[100_000] * count)
            with count_statements() as statements:
                figures(api)
            counts.append(len(statements))
        assert counts[0] == counts[1]


class TestASettledMonth:
    def test_it_is_told_by_its_statement_whatever_comes_later(
        self, api: Api, mei: Stall, clock: ManualClock
    ) -> None:
        first, *_ = mei.sell_each(600_000, 600_000)
        settled(clock, MARCH)
        commissions.refund(first, 600_000, at=clock.now())
        shown = figures(api, month=MARCH)
        assert (shown["volume_fen"], shown["tier"]["rate_bps"]) == (1_200_000, 700)
        assert (shown["next_tier"], shown["quota"], shown["pending_fen"]) == (None, None, 0)
