"""A leader's level and region, and what they were before."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from groupbuy.app.registry import invariants
from groupbuy.kernel import books
from groupbuy.kernel.clock import ManualClock
from groupbuy.kernel.db import session
from groupbuy.leaders import queries
from groupbuy.leaders.queries import Standing
from tests.client import Answer, Api
from tests.conftest import START
from tests.factories import leaders as make
from tests.orders.test_api import refused

WHY = {"reason": "Three good months."}


def put(api: Api, leader_id: str, what: str, value: Any, *, if_match: int | None = None) -> Answer:
    path = f"/hq/leaders/{leader_id}"
    read = api.staff("operator").get(path).headers.get("ETag", '"1"')
    tag = if_match or int(read.strip('"'))
    return api.staff("operator").put(f"{path}/{what}", {what: value, **WHY}, if_match=tag)


class TestChanges:
    """PUT /hq/leaders/{id}/level and …/region"""

    def test_it_changes_level_and_region_and_keeps_the_history(
        self, api: Api, clock: ManualClock
    ) -> None:
        leader = make.leader(region="Huamu")
        clock.advance(days=1)
        answer = put(api, leader.id, "level", 2)
        assert (answer.status_code, answer.json["level"]) == (200, 2)
        assert answer.headers["ETag"] == f'"{answer.json["version"]}"'
        clock.advance(days=1)
        assert put(api, leader.id, "region", "Pudong").json["region"] == "Pudong"
        items = api.staff("auditor").get(f"/hq/leaders/{leader.id}/standings").json["items"]
        assert [(row["level"], row["region"], row["reason"]) for row in items] == [
            (2, "Pudong", WHY["reason"]),
            (2, "Huamu", WHY["reason"]),
            (1, "Huamu", "approved"),
        ]
        assert items[0]["decided_by"] == api.staff("operator").id
        log = api.staff("auditor").get("/hq/audit-log", subject=leader.id).json["items"]
        assert [entry["action"] for entry in log] == ["leader.region", "leader.level"]
        assert [f for f in books.check(invariants()) if f.faults] == []

    def test_it_demands_the_version_that_was_read(self, api: Api) -> None:
        leader = make.leader()
        path = f"/hq/leaders/{leader.id}"
        hua = api.staff("operator")
        for what, value in (("level", 2), ("region", "Pudong")):
            body = {what: value, **WHY}
            refused(hua.put(f"{path}/{what}", body), 428, "version-required")
            refused(hua.put(f"{path}/{what}", body, if_match=99), 412, "stale-version")
        hua.post(f"{path}/suspension", {"reason": "Away."})
        refused(put(api, leader.id, "level", 2, if_match=1), 412, "stale-version")

    @pytest.mark.parametrize(
        ("what", "body", "pointer"),
        [
            ("level", {"level": 0, **WHY}, "/level"),
            ("level", {"level": 2, "reason": ""}, "/reason"),
            ("region", {"region": "", **WHY}, "/region"),
        ],
    )
    def test_it_refuses_what_is_no_standing(
        self, api: Api, what: str, body: dict[str, Any], pointer: str
    ) -> None:
        path = f"/hq/leaders/{make.leader().id}/{what}"
        answer = api.staff("operator").put(path, body, if_match=1)
        refused(answer, 422, "invalid-input")
        assert [error["pointer"] for error in answer.json["errors"]] == [pointer]

    def test_it_is_for_operators(self, api: Api) -> None:
        path = f"/hq/leaders/{make.leader().id}"
        for what in ("level", "region"):
            assert api.anonymous.put(f"{path}/{what}", {}).status_code == 401
            for outsider in (api.shopper("zed"), api.staff("finance")):
                assert outsider.put(f"{path}/{what}", {}, if_match=1).status_code == 403
        assert api.anonymous.get(f"{path}/standings").status_code == 401
        assert api.shopper("zed").get(f"{path}/standings").status_code == 403
        nobody = f"/hq/leaders/ldr_{'0' * 32}"
        hua = api.staff("operator")
        refused(hua.get(f"{nobody}/standings"), 404, "not-found")
        refused(hua.put(f"{nobody}/level", {"level": 2, **WHY}, if_match=1), 404, "not-found")


class TestHistory:
    """What a leader was at an instant."""

    def test_it_tells_what_each_leader_was_at_an_instant(
        self, api: Api, clock: ManualClock
    ) -> None:
        recruiter = make.leader(region="Huamu")
        clock.advance(days=10)
        mei = make.leader(region="Huamu", recruiter_id=recruiter.id)
        put(api, recruiter.id, "level", 3)
        clock.advance(days=10)
        put(api, mei.id, "level", 2)
        put(api, mei.id, "region", "Pudong")
        ids = [mei.id, recruiter.id]

        def at(days: int, **more: float) -> dict[str, Standing]:
            return queries.standing_at(ids, START + timedelta(days=days, **more))

        assert at(0)[recruiter.id] == Standing(1, "Huamu", None)
        # Mei was not accepted yet: the first row holds.
        assert at(0)[mei.id] == Standing(1, "Huamu", recruiter.id)
        assert at(10)[recruiter.id].level == 3
        assert at(10, microseconds=-1)[recruiter.id].level == 1
        assert at(19)[mei.id] == Standing(1, "Huamu", recruiter.id)
        assert at(20)[mei.id] == Standing(2, "Pudong", recruiter.id)
        assert queries.standing_at([], START) == {}

    def test_it_reads_any_number_of_leaders_in_one_statement(
        self, api: Api, count_statements: Callable[[], Any]
    ) -> None:
        ids = [make.leader().id for _ in range(5)]
        with count_statements() as statements:
            assert queries.standing_at(ids, START).keys() == set(ids)
        assert len(statements) == 1

    def test_it_never_changes_a_row(self, api: Api) -> None:
        make.leader()
        with pytest.raises(DBAPIError, match="append-only"), session().begin_nested():
            session().execute(text("update leader_standings set level = 9"))
