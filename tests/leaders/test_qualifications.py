"""What leaders are qualified in, and what levels ask for."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from groupbuy.kernel import clock as time
from groupbuy.kernel.clock import ManualClock
from groupbuy.kernel.db import session, transaction
from groupbuy.leaders import services
from groupbuy.leaders.errors import QualificationMissing
from groupbuy.leaders.models import Leader, LeaderQualification
from groupbuy.leaders.queries.qualifications import demand_qualified, held_until
from tests.client import Answer, Api
from tests.factories import leaders
from tests.journeys.headquarters import made

RULES = "/hq/leader-level-rules"
DAY = timedelta(days=1)


def refused(answer: Answer, status: int, code: str) -> dict[str, Any]:
    assert (answer.status_code, answer.json["code"]) == (status, code), answer.text
    return dict(answer.json)


@pytest.fixture
def mei(api: Api) -> Leader:
    with transaction():
        for code, zh, en in (("fresh", "生鲜", "Fresh goods"), ("cold", "冷链", "Cold chain")):
            services.offer_qualification(code=code, title_zh=zh, title_en=en)
    return leaders.leader(by=api.shopper("mei").id, name="Mei")


def qualified(
    leader: Leader, code: str = "fresh", *, days: int | None = 30, source: str = "exam"
) -> None:
    now = time.now()
    with transaction():
        services.record_achievement(
            leader_id=leader.id,
            code=code,
            from_at=now,
            until_at=now + timedelta(days=days) if days else None,
            source=source,
            now=now,
        )


def test_it_holds_from_its_begin_until_its_end(mei: Leader) -> None:
    qualified(mei)
    now = time.now()
    demand_qualified(leader_id=mei.id, codes=["fresh"], at=now)
    demand_qualified(leader_id=mei.id, codes=["fresh"], at=now + 30 * DAY - timedelta(seconds=1))
    for late in (now + 30 * DAY, now - timedelta(seconds=1)):
        with pytest.raises(QualificationMissing):
            demand_qualified(leader_id=mei.id, codes=["fresh"], at=late)
    with pytest.raises(QualificationMissing) as refused:
        demand_qualified(leader_id=mei.id, codes=["fresh", "cold"], at=now)
    assert refused.value.document("zh-CN")["detail"] == "需要持有有效证书：冷链。"
    assert refused.value.members["qualifications"] == ["cold"]


def test_it_is_ended_at_once_and_once(mei: Leader, clock: ManualClock) -> None:
    qualified(mei, days=None)
    began = time.now()
    clock.advance(days=3)
    ended = time.now()
    with transaction():
        services.end_achievements(sources=["exam"], now=ended)
    clock.advance(days=3)
    with transaction():
        services.end_achievements(sources=["exam"], now=time.now())
    assert session().query(LeaderQualification).one().ended_at == ended
    demand_qualified(leader_id=mei.id, codes=["fresh"], at=ended - timedelta(seconds=1))
    with pytest.raises(QualificationMissing):
        demand_qualified(leader_id=mei.id, codes=["fresh"], at=ended)
    assert held_until("fresh", [mei.id], ended).keys() == {mei.id}
    assert held_until("fresh", [mei.id], ended + timedelta(seconds=1)) == {}
    assert held_until("fresh", [mei.id], began) == {}


def test_it_records_nothing_twice_nor_for_a_time_that_has_passed(mei: Leader) -> None:
    qualified(mei)
    qualified(mei, days=60)
    now = time.now()
    told: dict[str, Any] = {"leader_id": mei.id, "code": "cold", "now": now}
    with transaction():
        services.record_achievement(
            **told, from_at=now - 9 * DAY, until_at=now + DAY, source="late"
        )
        services.record_achievement(**told, from_at=now - 9 * DAY, until_at=now, source="over")
    rows = session().query(LeaderQualification).order_by(LeaderQualification.code).all()
    assert [(row.code, row.from_at, row.until_at) for row in rows] == [
        ("cold", now, now + DAY),
        ("fresh", now, now + 30 * DAY),
    ]


def test_it_asks_for_nothing_with_no_statement(app: Flask, count_statements: Any) -> None:
    with count_statements() as statements:
        demand_qualified(leader_id="ldr_0", codes=[], at=time.now())
    assert len(statements) == 0


class TestLevels:
    """/hq/leader-level-rules, and the level of a leader"""

    def raised(self, api: Api, leader: Leader, level: int) -> Answer:
        hua = api.staff("operator")
        version = made(hua.get(f"/hq/leaders/{leader.id}"), 200)["version"]
        body = {"level": level, "reason": "Sells well."}
        return hua.put(f"/hq/leaders/{leader.id}/level", body, if_match=version)

    def test_it_raises_only_who_is_qualified(self, api: Api, mei: Leader) -> None:
        hua = api.staff("operator")
        rule = made(hua.post(RULES, {"level": 2, "qualification": "fresh"}))
        again = made(hua.post(RULES, {"level": 2, "qualification": "fresh"}))
        assert again == rule
        made(hua.post(RULES, {"level": 4, "qualification": "cold"}))
        listed = made(api.staff("auditor").get(RULES), 200)["items"]
        assert [(r["level"], r["qualification"]) for r in listed] == [(2, "fresh"), (4, "cold")]
        told = refused(self.raised(api, mei, 3), 409, "qualification-missing")
        assert (told["qualifications"], told["titles"]) == (["fresh"], "Fresh goods")
        assert told["detail"] == "This needs a valid certificate: Fresh goods."
        qualified(mei)
        assert made(self.raised(api, mei, 3), 200)["level"] == 3
        refused(self.raised(api, mei, 4), 409, "qualification-missing")
        assert hua.delete(f"{RULES}/{rule['id']}").status_code == 204
        refused(hua.delete(f"{RULES}/{rule['id']}"), 404, "not-found")

    def test_it_lowers_nobody_but_lists_who_lacks_something(
        self, api: Api, mei: Leader, clock: ManualClock
    ) -> None:
        hua = api.staff("operator")
        made(hua.post(RULES, {"level": 2, "qualification": "fresh"}))
        qualified(mei)
        made(self.raised(api, mei, 2), 200)
        assert made(hua.get("/hq/unqualified-leaders"), 200)["items"] == []
        clock.advance(days=31)
        (shown,) = made(hua.get("/hq/unqualified-leaders"), 200)["items"]
        assert (shown["leader"]["id"], shown["leader"]["level"]) == (mei.id, 2)
        assert [missing["code"] for missing in shown["missing"]] == ["fresh"]
        assert made(self.raised(api, mei, 1), 200)["level"] == 1
        assert made(hua.get("/hq/unqualified-leaders"), 200)["items"] == []

    def test_it_knows_what_can_be_asked_for(self, api: Api, mei: Leader) -> None:
        hua = api.staff("operator")
        answer = hua.post(RULES, {"level": 2, "qualification": "juggling"})
        assert refused(answer, 409, "unknown-qualification")["qualification"] == "juggling"
        refused(hua.post(RULES, {"level": 1, "qualification": "fresh"}), 422, "invalid-input")

    def test_it_is_for_headquarters(self, api: Api) -> None:
        body = {"level": 2, "qualification": "fresh"}
        assert api.anonymous.post(RULES, body).status_code == 401
        assert api.anonymous.delete(f"{RULES}/llr_{'0' * 32}").status_code == 401
        for outsider in (api.shopper("zed"), api.staff("finance")):
            assert outsider.post(RULES, body).status_code == 403
            assert outsider.delete(f"{RULES}/llr_{'0' * 32}").status_code == 403
        for path in (RULES, "/hq/unqualified-leaders", "/hq/qualifications"):
            assert api.anonymous.get(path).status_code == 401
            assert api.shopper("zed").get(path).status_code == 403


def test_it_lists_what_a_leader_holds(api: Api, mei: Leader) -> None:
    qualified(mei)
    qualified(mei, "cold", days=None, source="other")
    leaders.leader(by=api.shopper("zed").id)
    own = made(api.shopper("mei").get("/leader/qualifications", language="zh-CN"), 200)["items"]
    assert [(q["code"], q["title"], q["until_at"] is None) for q in own] == [
        ("cold", "冷链", True),
        ("fresh", "生鲜", False),
    ]
    path = f"/hq/leaders/{mei.id}/qualifications"
    seen = made(api.staff("trainer").get(path), 200)["items"]
    assert [q["id"] for q in seen] == [q["id"] for q in own]
    assert api.shopper("zed").get("/leader/qualifications").json["items"] == []
    assert api.shopper("bo").get("/leader/qualifications").status_code == 403
    assert api.anonymous.get("/leader/qualifications").status_code == 401
    assert api.anonymous.get(path).status_code == 401
    assert api.shopper("zed").get(path).status_code == 403
    refused(
        api.staff("operator").get(f"/hq/leaders/ldr_{'0' * 32}/qualifications"), 404, "not-found"
    )
