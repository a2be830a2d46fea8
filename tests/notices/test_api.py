"""Notices over HTTP: what I was told, what I want to be told, what headquarters sees."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from groupbuy.kernel import clock as time
from groupbuy.kernel.clock import ManualClock
from groupbuy.kernel.texts import Text
from groupbuy.notices.rules import NoticeKind
from tests.client import Api
from tests.factories.notices import told
from tests.journeys.headquarters import made
from tests.orders.test_api import refused

OWN = "/me/notices"
PREFERENCES = "/me/notice-preferences"
HQ = "/hq/notices"


class TestOwn:
    """GET /me/notices and POST …/reading"""

    def test_it_shows_what_was_told_so_far(self, api: Api) -> None:
        bo = api.shopper("bo")
        assert made(bo.get(OWN), 200) == {"items": [], "next_cursor": None}
        body = Text("下一课在等您。", "Your next lesson is waiting.")
        first = told(bo.id, body=body, link="/leader/training")
        later = told(bo.id, NoticeKind.LIVE_SESSION, not_before=time.now() + timedelta(hours=1))
        told(bo.id, useful_until=time.now() - timedelta(hours=1))
        (shown,) = made(bo.get(OWN), 200)["items"]
        assert shown == {
            "id": first.id,
            "kind": "inactivity",
            "title": "Go on",
            "body": "Your next lesson is waiting.",
            "link": "/leader/training",
            "told_at": time.now().isoformat(),
            "read_at": None,
        }
        (chinese,) = bo.get(OWN, language="zh-CN").json["items"]
        assert chinese["body"] == body.zh
        api.clock.advance(hours=1)
        page = made(bo.get(OWN, limit=1), 200)
        assert [item["id"] for item in page["items"]] == [later.id]
        rest = made(bo.get(OWN, limit=1, cursor=page["next_cursor"]), 200)
        assert [item["id"] for item in rest["items"]] == [first.id]
        assert api.shopper("zed").get(OWN).json["items"] == []

    def test_it_remembers_when_it_was_read_first(self, api: Api, clock: ManualClock) -> None:
        bo = api.shopper("bo")
        notice = told(bo.id)
        at = clock.now().isoformat()
        assert made(bo.post(f"{OWN}/{notice.id}/reading"), 200)["read_at"] == at
        clock.advance(hours=1)
        assert made(bo.post(f"{OWN}/{notice.id}/reading"), 200)["read_at"] == at
        unread = told(bo.id, NoticeKind.LIVE_SESSION)
        assert [n["id"] for n in bo.get(OWN, unread="true").json["items"]] == [unread.id]
        assert [n["id"] for n in bo.get(OWN, unread="false").json["items"]] == [notice.id]

    def test_it_shows_nobody_elses(self, api: Api) -> None:
        notice = told(api.shopper("bo").id)
        refused(api.shopper("zed").post(f"{OWN}/{notice.id}/reading"), 404, "not-found")
        secret = told(api.shopper("bo").id, not_before=time.now() + timedelta(days=2))
        refused(api.shopper("bo").post(f"{OWN}/{secret.id}/reading"), 404, "not-found")

    @pytest.mark.parametrize("path", [OWN, PREFERENCES])
    def test_it_is_for_shoppers(self, api: Api, path: str) -> None:
        refused(api.anonymous.get(path), 401, "not-authenticated")
        refused(api.staff("operator").get(path), 403, "not-permitted")


class TestPreferences:
    """GET and PUT /me/notice-preferences"""

    def test_it_names_the_kinds(self, api: Api) -> None:
        items = made(api.shopper("bo").get(PREFERENCES), 200)["items"]
        assert [(item["kind"], item["optional"], item["wanted"]) for item in items] == [
            ("live_session", True, True),
            ("certificate_expiring", True, True),
            ("inactivity", True, True),
            ("program_completed", False, True),
        ]
        assert items[0]["title"] == "Reminders of live sessions"

    def test_it_keeps_back_what_a_person_does_not_want(self, api: Api) -> None:
        bo = api.shopper("bo")
        coming = told(bo.id, not_before=time.now() + timedelta(hours=1))
        chosen = made(bo.put(PREFERENCES, {"muted": ["inactivity"]}), 200)["items"]
        assert [item["kind"] for item in chosen if not item["wanted"]] == ["inactivity"]
        assert made(bo.get(PREFERENCES), 200)["items"] == chosen
        new = told(bo.id)
        shown = made(api.staff("operator").get(HQ, shopper=bo.id), 200)["items"]
        assert [(n["id"], n["state"], n["reason"]) for n in shown] == [
            (new.id, "dropped", "opted_out"),
            (coming.id, "dropped", "opted_out"),
        ]
        made(bo.put(PREFERENCES, {"muted": []}), 200)
        assert told(bo.id).state == "waiting"

    def test_it_refuses_to_turn_off_what_has_to_be_told(self, api: Api) -> None:
        bo = api.shopper("bo")
        for muted in (["program_completed"], ["gossip"], None):
            refused(bo.put(PREFERENCES, {"muted": muted}), 422, "invalid-input")


class TestHeadquarters:
    """GET /hq/notices"""

    def test_it_shows_what_is_told_but_not_what_it_says(self, api: Api) -> None:
        notice = told(api.shopper("bo").id, key="inactivity/1")
        (shown,) = made(api.staff("trainer").get(HQ), 200)["items"]
        assert shown == {
            "id": notice.id,
            "shopper_id": api.shopper("bo").id,
            "kind": "inactivity",
            "key": "inactivity/1",
            "state": "waiting",
            "reason": "",
            "created_at": time.now().isoformat(),
            "due_at": time.now().isoformat(),
            "useful_until": None,
            "settled_at": None,
            "read_at": None,
            "attempts": 0,
        }

    def test_it_filters(self, api: Api) -> None:
        bo, mei = api.shopper("bo").id, api.shopper("mei").id
        one, other = told(bo), told(mei, NoticeKind.LIVE_SESSION)
        hua = api.staff("operator")
        filters: list[tuple[dict[str, Any], list[str]]] = [
            ({"kind": "inactivity"}, [one.id]),
            ({"shopper": mei}, [other.id]),
            ({"state": "waiting"}, [other.id, one.id]),
            ({"state": "dropped"}, []),
        ]
        for query, found in filters:
            items = hua.request("GET", HQ, None, **query).json["items"]
            assert [notice["id"] for notice in items] == found

    def test_it_is_for_headquarters(self, api: Api) -> None:
        refused(api.anonymous.get(HQ), 401, "not-authenticated")
        refused(api.shopper("zed").get(HQ), 403, "not-permitted")


class TestPersonalData:
    def test_it_is_exported_and_erased(self, api: Api, app: Flask) -> None:
        bo = api.shopper("bo")
        told(bo.id)
        made(bo.put(PREFERENCES, {"muted": ["live_session"]}), 200)
        exported = made(bo.get("/me/export"), 200)
        assert str(exported).count("Your next lesson is waiting.") == 1
        assert "live_session" in str(exported)
        assert bo.post("/me/erasure", {"confirmed": True}).status_code == 200
        assert api.staff("operator").get(HQ, shopper=bo.id).json["items"] == []
