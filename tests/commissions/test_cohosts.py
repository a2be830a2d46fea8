"""Group buys held together: Mei hosts, Lan is the guest."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, update

from groupbuy.commissions import services
from groupbuy.commissions.errors import SharesExceeded
from groupbuy.commissions.models import Cohost
from groupbuy.kernel.access import SYSTEM
from groupbuy.kernel.audit import AuditEntry
from groupbuy.kernel.clock import ManualClock
from groupbuy.kernel.db import session, transaction
from groupbuy.kernel.problems import NotInThisState
from groupbuy.leaders.models import Leader
from groupbuy.leaders.rules import LeaderState
from tests.client import Answer, Api
from tests.commissions.test_services import refused
from tests.factories import campaigns, leaders
from tests.factories.settlement import broken
from tests.rivals import Work, at_once

COHOSTS = "/leader/cohosts"


@pytest.fixture
def mei(api: Api) -> Leader:
    return leaders.leader(by=api.shopper("mei").id, name="Mei")


@pytest.fixture
def lan(api: Api) -> Leader:
    return leaders.leader(by=api.shopper("lan").id, name="Lan")


@pytest.fixture
def offers(mei: Leader) -> str:
    """The path of the shares of a group buy that Mei hosts."""
    return f"/leader/group-buys/{campaigns.group_buy(leader=mei).id}/cohosts"


def offer(api: Api, offers: str, guest: Leader, bps: int = 3_000) -> Answer:
    body = {"guest_leader_id": guest.id, "guest_bps": bps}
    return api.shopper("mei").post(offers, body)


def offered(api: Api, offers: str, guest: Leader, bps: int = 3_000) -> str:
    answer = offer(api, offers, guest, bps)
    assert answer.status_code == 201, answer.text
    return f"{COHOSTS}/{answer.json['id']}"


def refusal(answer: Answer) -> tuple[int, str]:
    return answer.status_code, answer.json["code"]


class TestOffering:
    def test_it_is_agreed_on_by_the_guest(
        self, api: Api, offers: str, lan: Leader, clock: ManualClock
    ) -> None:
        made = offer(api, offers, lan).json
        assert (made["state"], made["guest_bps"], made["answered_at"]) == ("proposed", 3_000, None)
        assert (made["host_name"], made["guest_name"]) == ("Mei", "Lan")
        assert made["campaign_title"] == "Weekend fruit"
        clock.advance(hours=1)
        answer = api.shopper("lan").post(f"{COHOSTS}/{made['id']}/agreement")
        assert (answer.status_code, answer.json["state"]) == (200, "agreed")
        assert answer.json["answered_at"] == clock.now().isoformat()

    def test_it_is_refused_by_the_guest_and_offered_again(
        self, api: Api, offers: str, lan: Leader
    ) -> None:
        path = offered(api, offers, lan)
        assert api.shopper("lan").post(f"{path}/refusal").json["state"] == "declined"
        assert offer(api, offers, lan, 4_000).status_code == 201

    def test_it_is_withdrawn_by_the_host(self, api: Api, offers: str, lan: Leader) -> None:
        path = offered(api, offers, lan)
        assert api.shopper("mei").delete(path).status_code == 204
        assert refusal(api.shopper("lan").post(f"{path}/agreement")) == (409, "not-in-this-state")

    def test_it_is_answered_once(self, api: Api, offers: str, lan: Leader) -> None:
        path = offered(api, offers, lan)
        assert api.shopper("lan").post(f"{path}/agreement").status_code == 200
        for again in (
            api.shopper("lan").post(f"{path}/agreement"),
            api.shopper("lan").post(f"{path}/refusal"),
            api.shopper("mei").delete(path),
        ):
            assert refusal(again) == (409, "not-in-this-state")

    def test_it_is_nobody_else_s_to_answer(self, api: Api, offers: str, lan: Leader) -> None:
        path = offered(api, offers, lan)
        leaders.leader(by=api.shopper("zed").id)
        for answer in (
            api.shopper("zed").post(f"{path}/agreement"),
            api.shopper("zed").post(f"{path}/refusal"),
            api.shopper("zed").delete(path),
            api.shopper("mei").post(f"{path}/agreement"),
            api.shopper("mei").post(f"{path}/refusal"),
            api.shopper("lan").delete(path),
            api.shopper("lan").post(offers, {"guest_leader_id": lan.id, "guest_bps": 1}),
        ):
            assert answer.status_code == 404

    def test_it_leaves_the_host_a_part(self, api: Api, offers: str, lan: Leader) -> None:
        offered(api, offers, lan, 6_000)
        third = leaders.leader()
        answer = offer(api, offers, third, 4_000)
        assert (*refusal(answer), answer.json["left_bps"]) == (409, "shares-exceeded", 3_999)
        path = offered(api, offers, third, 3_999)
        assert api.shopper("mei").delete(path).status_code == 204
        assert offer(api, offers, leaders.leader(), 3_999).status_code == 201

    def test_it_is_offered_to_a_guest_once(self, api: Api, offers: str, lan: Leader) -> None:
        offered(api, offers, lan)
        assert refusal(offer(api, offers, lan)) == (409, "guest-already-proposed")

    def test_it_ends_with_the_group_buy(
        self, api: Api, offers: str, lan: Leader, clock: ManualClock
    ) -> None:
        path = offered(api, offers, lan)
        clock.advance(days=30)
        assert refusal(offer(api, offers, leaders.leader())) == (409, "group-buy-over")
        answer = api.shopper("lan").post(f"{path}/agreement")
        assert refusal(answer) == (409, "group-buy-over")
        assert api.shopper("lan").post(f"{path}/refusal").status_code == 200

    def test_it_needs_another_active_leader(self, api: Api, offers: str, mei: Leader) -> None:
        suspended = leaders.leader()
        with transaction():
            suspended.state = LeaderState.SUSPENDED
        for guest in (mei, suspended):
            answer = offer(api, offers, guest)
            assert refusal(answer) == (422, "invalid-input")
            assert answer.json["errors"][0]["pointer"] == "/guest_leader_id"

    @pytest.mark.parametrize("bps", [0, 10_000, 1.5, None])
    def test_it_refuses_what_is_no_part(self, api: Api, offers: str, lan: Leader, bps: Any) -> None:
        answer = offer(api, offers, lan, bps)
        assert [e["pointer"] for e in answer.json["errors"]] == ["/guest_bps"]

    def test_it_leaves_every_step_in_the_audit_log(
        self, api: Api, offers: str, lan: Leader
    ) -> None:
        api.shopper("mei").delete(offered(api, offers, lan))
        api.shopper("lan").post(f"{offered(api, offers, lan)}/refusal")
        api.shopper("lan").post(f"{offered(api, offers, lan)}/agreement")
        entries = session().query(AuditEntry).filter(AuditEntry.action.like("cohost.%"))
        steps = [entry.action.split(".")[1] for entry in entries.order_by(AuditEntry.id)]
        assert steps == ["propose", "withdraw", "propose", "decline", "propose", "agree"]


class TestLists:
    def test_it_shows_each_their_own(self, api: Api, offers: str, lan: Leader) -> None:
        third = leaders.leader()
        paths = [offered(api, offers, lan), offered(api, offers, third)]
        api.shopper("lan").post(f"{paths[0]}/agreement")

        def listed(name: str, **query: Any) -> list[int]:
            items = api.shopper(name).get(COHOSTS, **query).json["items"]
            return [paths.index(f"{COHOSTS}/{item['id']}") for item in items]

        assert listed("mei") == listed("mei", **{"as": "host"}) == [1, 0]
        assert listed("mei", state="agreed") == [0]
        assert listed("mei", **{"as": "guest"}) == []
        assert listed("lan") == listed("lan", **{"as": "guest"}) == [0]
        assert listed("mei", group_buy_id=f"gbu_{'0' * 32}") == []
        cursor = api.shopper("mei").get(COHOSTS, limit=1).json["next_cursor"]
        assert listed("mei", limit=1, cursor=cursor) == [0]
        headquarters = api.staff("auditor").get("/hq/cohosts", leader_id=lan.id).json["items"]
        assert [item["guest_name"] for item in headquarters] == ["Lan"]
        assert len(api.staff("auditor").get("/hq/cohosts").json["items"]) == 2

    def test_it_lists_in_a_constant_number_of_statements(
        self, api: Api, offers: str, count_statements: Callable[[], Any]
    ) -> None:
        counts = []
        for number in (1, 5):
            for _ in range(number):
                offered(api, offers, leaders.leader(), 100)
            api.shopper("mei").get(COHOSTS)
            with count_statements() as statements:
                assert len(api.shopper("mei").get(COHOSTS).json["items"]) >= number
            counts.append(len(statements))
        assert counts[0] == counts[1]

    def test_it_is_for_leaders_and_headquarters(self, api: Api, offers: str, lan: Leader) -> None:
        path = offered(api, offers, lan)
        for method, where in (
            ("POST", offers),
            ("GET", COHOSTS),
            ("POST", f"{path}/agreement"),
            ("POST", f"{path}/refusal"),
            ("DELETE", path),
        ):
            assert api.anonymous.request(method, where).status_code == 401
            assert api.shopper("bo").request(method, where).status_code == 403
        assert api.anonymous.get("/hq/cohosts").status_code == 401
        assert api.staff("operator").get("/hq/cohosts").status_code == 403


class TestTheDatabase:
    def test_it_keeps_answers(self, api: Api, offers: str, lan: Leader) -> None:
        path = offered(api, offers, lan)
        api.shopper("lan").post(f"{path}/agreement")
        refused(update(Cohost).values(guest_bps=1), delete(Cohost))

    @pytest.mark.breaks_books
    def test_it_finds_a_host_without_a_part(self, api: Api, offers: str, lan: Leader) -> None:
        offered(api, offers, lan, 9_999)
        row = session().query(Cohost).one()
        beside = leaders.leader().id
        session().add(
            Cohost(
                group_buy_id=row.group_buy_id,
                host_leader_id=row.host_leader_id,
                guest_leader_id=beside,
                guest_bps=1,
                proposed_at=row.proposed_at,
            )
        )
        session().flush()
        assert broken() == ["commissions.cohosts_leave_the_host_a_part"]


@pytest.mark.committed
class TestRaces:
    def proposal(self, guest_id: str, bps: int, clock: ManualClock) -> Work:
        hosted = self.group_buy

        def propose() -> Any:
            return services.propose_cohost(
                group_buy_id=hosted.id,
                host_leader_id=hosted.leader_id,
                guest_leader_id=guest_id,
                guest_bps=bps,
                actor=SYSTEM,
                now=clock.now() + timedelta(minutes=1),
            ).id

        return propose

    def test_it_lets_the_guest_agree_or_the_host_withdraw(
        self, app: Flask, clock: ManualClock
    ) -> None:
        self.group_buy = campaigns.group_buy()
        host, guest = self.group_buy.leader_id, leaders.leader().id
        with transaction():
            cohost_id = self.proposal(guest, 100, clock)()
        now = clock.now() + timedelta(minutes=2)
        answer: dict[str, Any] = {"cohost_id": cohost_id, "actor": SYSTEM, "now": now}
        outcomes = at_once(
            app,
            [
                lambda: services.agree_to_cohost(leader_id=guest, **answer).state,
                lambda: services.withdraw_cohost(leader_id=host, **answer).state,
            ],
        )
        assert [isinstance(o, NotInThisState) for o in outcomes].count(True) == 1
        assert session().query(Cohost).one().state in outcomes

    def test_it_never_gives_away_more_than_there_is(self, app: Flask, clock: ManualClock) -> None:
        self.group_buy = campaigns.group_buy()
        guests = [leaders.leader().id for _ in range(2)]
        outcomes = at_once(app, [self.proposal(guest, 6_000, clock) for guest in guests])
        assert [isinstance(o, SharesExceeded) for o in outcomes].count(True) == 1
        assert session().query(Cohost).count() == 1
