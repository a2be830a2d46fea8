"""Identity over HTTP: each endpoint anonymous, outsider, happy path, each of its Problems."""

from datetime import datetime
from typing import Any, ClassVar

from groupbuy.identity.jobs import link_audit_log
from groupbuy.kernel.clock import ManualClock
from tests.client import Api, Caller


class TestWeChatLogin:
    """POST /auth/wechat-sessions"""

    def test_it_registers_a_shopper_at_the_first_login_and_knows_them_at_the_next(
        self, api: Api
    ) -> None:
        first = api.anonymous.post("/auth/wechat-sessions", {"code": "demo:bo"})
        again = api.anonymous.post("/auth/wechat-sessions", {"code": "demo:bo"})
        assert first.status_code == again.status_code == 201
        assert first.json["shopper"]["id"] == again.json["shopper"]["id"]
        assert first.json["token"] != again.json["token"]

    def test_it_refuses_unknown_fields(self, api: Api) -> None:
        answer = api.anonymous.post("/auth/wechat-sessions", {"code": "demo:bo", "admin": True})
        assert answer.status_code == 422
        assert answer.json == {
            "type": "/problems/invalid-input",
            "title": "The input is not valid",
            "status": 422,
            "code": "invalid-input",
            "errors": [{"pointer": "/admin", "detail": "Unknown field."}],
        }


class TestProfile:
    """GET and PATCH /me"""

    def test_it_needs_a_login(self, api: Api) -> None:
        assert api.anonymous.get("/me").status_code == 401

    def test_it_refuses_staff(self, api: Api) -> None:
        assert api.staff("operator").get("/me").status_code == 403

    def test_it_shows_and_changes_ones_own_name(self, api: Api) -> None:
        bo = api.shopper("bo")
        assert bo.patch("/me", {"name": "Bo from number 7"}).status_code == 200
        answer = bo.get("/me")
        assert answer.json["name"] == "Bo from number 7"


class TestSession:
    """A login ends by logging out, by expiry, or by the account's closing."""

    def test_it_ends_by_logging_out(self, api: Api) -> None:
        bo = api.shopper("bo")
        assert bo.delete("/auth/session").status_code == 204
        assert bo.get("/me").status_code == 401

    def test_it_ends_at_its_expiry_to_the_second(self, api: Api, clock: ManualClock) -> None:
        bo = api.shopper("bo")
        clock.advance(days=30, seconds=-1)
        assert bo.get("/me").status_code == 200
        clock.advance(seconds=1)
        assert bo.get("/me").status_code == 401

    def test_it_refuses_a_token_nobody_has(self, api: Api) -> None:
        assert Caller(api.app, "made-up").get("/me").status_code == 401


class TestStaff:
    """Staff log in by password; the administrator manages them."""

    HUA: ClassVar = {"email": "Hua@Groupbuy.example", "name": "Hua", "role": "finance"}

    def create(self, api: Api, **changes: object) -> dict[str, Any]:
        body = {**self.HUA, "password": "a long password", **changes}
        answer = api.staff("admin").post("/hq/staff", body)
        assert answer.status_code == 201, answer.text
        return dict(answer.json)

    def test_it_logs_in_with_email_in_any_case(self, api: Api) -> None:
        self.create(api)
        body = {"email": "hua@groupbuy.EXAMPLE", "password": "a long password"}
        answer = api.anonymous.post("/auth/staff-sessions", body)
        assert answer.status_code == 201
        assert answer.json["staff"]["role"] == "finance"

    def test_it_refuses_wrong_credentials_without_saying_which(self, api: Api) -> None:
        self.create(api)
        wrong = {"email": "hua@groupbuy.example", "password": "another password"}
        unknown = {"email": "zed@groupbuy.example", "password": "another password"}
        answers = [api.anonymous.post("/auth/staff-sessions", body) for body in (wrong, unknown)]
        assert [a.status_code for a in answers] == [401, 401]
        assert answers[0].json == answers[1].json

    def test_it_refuses_a_second_account_with_the_same_email(self, api: Api) -> None:
        self.create(api)
        body = {**self.HUA, "email": "HUA@groupbuy.example", "password": "a long password"}
        answer = api.staff("admin").post("/hq/staff", body)
        assert (answer.status_code, answer.json["code"]) == (409, "staff-email-taken")

    def test_it_ends_every_login_when_the_account_closes(self, api: Api) -> None:
        hua = self.create(api)
        body = {"email": "hua@groupbuy.example", "password": "a long password"}
        token = api.anonymous.post("/auth/staff-sessions", body).json["token"]
        path = f"/hq/staff/{hua['id']}"
        assert api.staff("admin").patch(path, {"active": False}, if_match=1).status_code == 200
        assert Caller(api.app, token).get("/hq/staff").status_code == 401
        assert api.anonymous.post("/auth/staff-sessions", body).status_code == 401

    def test_it_refuses_an_edit_without_or_with_a_stale_version(self, api: Api) -> None:
        path = f"/hq/staff/{self.create(api)['id']}"
        admin = api.staff("admin")
        assert admin.patch(path, {"name": "Hua B"}).status_code == 428
        assert admin.patch(path, {"name": "Hua B"}, if_match=1).status_code == 200
        assert admin.patch(path, {"name": "Hua C"}, if_match=1).status_code == 412

    def test_it_protects_ones_own_account(self, api: Api) -> None:
        admin = api.staff("admin")
        answer = admin.patch(f"/hq/staff/{admin.id}", {"role": "finance"}, if_match=1)
        assert (answer.status_code, answer.json["code"]) == (409, "own-account-protected")

    def test_it_lists_by_role_in_pages(self, api: Api) -> None:
        for number in range(3):
            self.create(api, email=f"hua{number}@groupbuy.example")
        admin = api.staff("admin")
        first = admin.get("/hq/staff", role="finance", limit=2).json
        rest = admin.get("/hq/staff", role="finance", limit=2, cursor=first["next_cursor"]).json
        assert [len(first["items"]), len(rest["items"])] == [2, 1]
        assert rest["next_cursor"] is None

    def test_it_is_for_the_administrator_only(self, api: Api) -> None:
        for caller in (api.staff("finance"), api.shopper("zed")):
            assert caller.get("/hq/staff").status_code == 403
            assert caller.post("/hq/staff", {}).status_code == 403
        assert api.anonymous.get("/hq/roles").status_code == 401
        assert api.staff("admin").get("/hq/roles").status_code == 200


class TestAuditLog:
    """GET /hq/audit-log"""

    def test_it_shows_the_auditor_who_decided_what(self, api: Api) -> None:
        TestStaff().create(api)
        log = api.staff("auditor").get("/hq/audit-log", action="staff.create").json["items"]
        assert [(entry["actor_id"], entry["facts"]) for entry in log] == [
            (api.staff("admin").id, {"role": "finance"})
        ]
        assert api.staff("auditor").get("/hq/audit-log", subject="nobody").json["items"] == []

    def test_it_filters_by_time_half_open(self, api: Api) -> None:
        start = api.clock.now()
        TestStaff().create(api)
        api.clock.advance(hours=1)
        end = api.clock.now()
        auditor = api.staff("auditor")

        def found(**filters: datetime) -> int:
            given = {name: at.isoformat() for name, at in filters.items()}
            return len(auditor.get("/hq/audit-log", **given).json["items"])

        assert [found(since=start), found(until=end), found(since=start, until=end)] == [1, 1, 1]
        assert [found(until=start), found(since=end)] == [0, 0]
        assert auditor.get("/hq/audit-log", since="yesterday").status_code == 422

    def test_it_shows_the_chain_and_its_head(self, api: Api) -> None:
        TestStaff().create(api)
        auditor = api.staff("auditor")
        empty = auditor.get("/hq/audit-log/head").json
        assert empty == {"sequence": 0, "digest": "0" * 64, "unlinked": 1}
        [waiting] = auditor.get("/hq/audit-log").json["items"]
        assert (waiting["sequence"], waiting["previous"], waiting["digest"]) == (None, None, None)
        link_audit_log()
        [linked] = auditor.get("/hq/audit-log").json["items"]
        assert (linked["sequence"], linked["previous"]) == (1, "0" * 64)
        head = auditor.get("/hq/audit-log/head").json
        assert head == {"sequence": 1, "digest": linked["digest"], "unlinked": 0}

    def test_it_is_not_for_others(self, api: Api) -> None:
        for path in ("/hq/audit-log", "/hq/audit-log/head"):
            assert api.anonymous.get(path).status_code == 401
            assert api.staff("finance").get(path).status_code == 403
