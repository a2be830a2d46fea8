"""Payout accounts: set, waiting, withdrawn, masked, encrypted."""

import base64
import logging
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from groupbuy.kernel.audit import AuditEntry
from groupbuy.kernel.clock import ManualClock
from groupbuy.kernel.db import session, transaction
from groupbuy.kernel.sealing import Unsealable
from groupbuy.kernel.settings import EXTENSION, settings
from groupbuy.payouts import services
from groupbuy.payouts.models import PayoutAccount, PayoutNotice
from groupbuy.payouts.services import accounts
from tests.client import Answer, Api, Caller
from tests.factories import leaders
from tests.factories import payouts as make

OWN = "/leader/payout-account"
NOTICES = "/leader/payout-notices"
BANK = {"kind": "bank", "details": make.DETAILS["bank"]}
OTHER = {"kind": "bank", "details": {**make.DETAILS["bank"], "account": "6222000099998888"}}


def refused(answer: Answer, status: int, code: str) -> dict[str, Any]:
    assert (answer.status_code, answer.json["code"]) == (status, code), answer.text
    return dict(answer.json)


@pytest.fixture
def mei(api: Api) -> Caller:
    """Mei, a leader."""
    caller = api.shopper("mei")
    leaders.leader(by=caller.id)
    return caller


def masks(answer: Answer) -> tuple[str | None, str | None]:
    assert answer.status_code == 200, answer.text
    shown = [answer.json[which] for which in ("current", "pending")]
    return tuple(one and one["masked"] for one in shown)


class TestOwnAccount:
    def test_it_is_empty_at_first(self, mei: Caller) -> None:
        assert mei.get(OWN).json == {"current": None, "pending": None}

    def test_it_is_usable_at_once_the_first_time(self, mei: Caller) -> None:
        assert masks(mei.put(OWN, BANK)) == ("**** 5678", None)
        assert masks(mei.get(OWN)) == ("**** 5678", None)

    def test_it_makes_a_change_wait_and_the_old_one_stay(
        self, mei: Caller, clock: ManualClock
    ) -> None:
        mei.put(OWN, BANK)
        clock.advance(minutes=5)
        changed = mei.put(OWN, OTHER)
        assert masks(changed) == ("**** 5678", "**** 8888")
        assert changed.json["pending"]["usable_from"] == "2026-03-03T01:05:00+00:00"
        clock.advance(hours=24, seconds=-1)
        assert masks(mei.get(OWN)) == ("**** 5678", "**** 8888")
        clock.advance(seconds=1)
        assert masks(mei.get(OWN)) == ("**** 8888", None)

    def test_it_takes_a_change_back(self, mei: Caller, clock: ManualClock) -> None:
        refused(mei.delete(f"{OWN}/pending"), 409, "no-pending-account")
        mei.put(OWN, BANK)
        refused(mei.delete(f"{OWN}/pending"), 409, "no-pending-account")
        mei.put(OWN, OTHER)
        assert masks(mei.delete(f"{OWN}/pending")) == ("**** 5678", None)
        clock.advance(days=2)
        assert masks(mei.get(OWN)) == ("**** 5678", None)

    def test_it_changes_nothing_when_repeated(self, mei: Caller, clock: ManualClock) -> None:
        for body in (BANK, BANK, OTHER, OTHER):
            answer = mei.put(OWN, body)
            clock.advance(hours=1)
        assert answer.json["pending"]["usable_from"] == "2026-03-03T03:00:00+00:00"
        assert session().query(PayoutAccount).count() == 2

    def test_it_replaces_a_change_that_waits_and_waits_anew(
        self, mei: Caller, clock: ManualClock
    ) -> None:
        mei.put(OWN, BANK)
        mei.put(OWN, OTHER)
        clock.advance(hours=1)
        demo = mei.put(OWN, {"kind": "demo", "details": {"name": "Mei"}})
        assert masks(demo) == ("**** 5678", "M**")
        assert demo.json["pending"]["usable_from"] == "2026-03-03T02:00:00+00:00"
        assert masks(mei.put(OWN, BANK)) == ("**** 5678", None)

    def test_it_tells_the_leader_and_leaves_a_trace_without_secrets(self, mei: Caller) -> None:
        mei.put(OWN, BANK)
        mei.put(OWN, OTHER)
        mei.delete(f"{OWN}/pending")
        notices = session().query(PayoutNotice).order_by(PayoutNotice.id).all()
        kinds = ["account_changed", "account_changed", "account_change_withdrawn"]
        assert [notice.kind for notice in notices] == kinds
        shown = mei.get(NOTICES).json["items"]
        assert [notice["kind"] for notice in shown] == kinds[::-1]
        assert shown[1]["facts"]["masked"] == "**** 8888"
        assert shown[1]["facts"]["usable_from"] == "2026-03-03T01:00:00+00:00"
        written = [entry.facts for entry in session().query(AuditEntry).all()]
        for secret in ("6222", "梅"):
            assert secret not in str(written) + str([notice.facts for notice in notices])

    def test_it_tells_nobody_else(self, api: Api, mei: Caller) -> None:
        mei.put(OWN, BANK)
        leaders.leader(by=api.shopper("lan").id)
        assert api.shopper("lan").get(NOTICES).json == {"items": [], "next_cursor": None}
        refused(api.shopper("zed").get(NOTICES), 403, "not-permitted")
        refused(api.anonymous.get(NOTICES), 401, "not-authenticated")

    @pytest.mark.parametrize(
        ("body", "pointers"),
        [
            ({"kind": "bank", "details": {}}, ["account", "bank", "holder"]),
            ({"kind": "stripe", "details": {"account": "123"}}, ["account"]),
            ({"kind": "wechat", "details": {"name": "梅", "openid": "o1"}}, ["openid"]),
        ],
    )
    def test_it_names_what_does_not_fit(
        self, mei: Caller, body: dict[str, Any], pointers: list[str]
    ) -> None:
        answer = refused(mei.put(OWN, body), 422, "payout-account-invalid")
        assert sorted(e["pointer"] for e in answer["errors"]) == [f"/details/{p}" for p in pointers]

    def test_it_repeats_no_detail_in_an_error_or_a_log(
        self, mei: Caller, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        answer = mei.put(OWN, {"kind": "stripe", "details": {"account": "6222020200012345678"}})
        mei.put(OWN, BANK)
        assert "6222" not in answer.text + caplog.text

    def test_it_is_the_leaders_own(self, api: Api, mei: Caller) -> None:
        mei.put(OWN, BANK)
        lan = api.shopper("lan")
        leaders.leader(by=lan.id)
        assert masks(lan.get(OWN)) == (None, None)
        for method, path, body in (
            ("GET", OWN, None),
            ("PUT", OWN, BANK),
            ("DELETE", f"{OWN}/pending", None),
            ("GET", "/leader/payouts", None),
        ):
            assert api.anonymous.request(method, path, body).status_code == 401
            for outsider in (api.shopper("zed"), api.staff("finance")):
                assert outsider.request(method, path, body).status_code == 403


class TestHeadquarters:
    def test_it_lists_every_version_masked(self, api: Api, mei: Caller) -> None:
        mei.put(OWN, BANK)
        mei.put(OWN, OTHER)
        mei.delete(f"{OWN}/pending")
        finance = api.staff("finance")
        rows = finance.get("/hq/payout-accounts").json["items"]
        assert [(row["number"], row["masked"]) for row in rows] == [
            (2, "**** 8888"),
            (1, "**** 5678"),
        ]
        assert rows[0]["withdrawn_at"] is not None
        leader = rows[0]["leader_id"]
        assert (
            len(finance.get("/hq/payout-accounts", leader=leader, kind="bank").json["items"]) == 2
        )
        assert finance.get("/hq/payout-accounts", kind="stripe").json["items"] == []
        assert "6222" not in finance.get("/hq/payout-accounts").text
        for outsider in (api.shopper("zed"), api.staff("operator"), api.staff("admin")):
            assert outsider.get("/hq/payout-accounts").status_code == 403
        assert api.anonymous.get("/hq/payout-accounts").status_code == 401


def ring(app: Flask, monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    keys = ",".join(
        f"{name}:{base64.b64encode(name.encode().ljust(32)).decode()}" for name in names
    )
    monkeypatch.setitem(app.extensions, EXTENSION, replace(settings(), payout_account_keys=keys))


class TestAtRest:
    def test_it_is_encrypted_and_bound_to_the_leader(self, app: Flask) -> None:
        mei, lan = make.leaders(2)
        make.account(mei, "bank")
        row = session().query(PayoutAccount).one()
        keys = settings().payout_key_ring
        assert b"6222" not in row.sealed
        assert accounts.details_of(account=row, keys=keys) == make.DETAILS["bank"]
        stolen = PayoutAccount(leader_id=lan, sealed=row.sealed, key_id=row.key_id)
        with pytest.raises(Unsealable):
            accounts.details_of(account=stolen, keys=keys)

    def test_it_pays_wechat_to_the_openid_we_know(self, app: Flask) -> None:
        [mei] = make.leaders(1)
        make.account(mei, "wechat")
        row = session().query(PayoutAccount).one()
        details = accounts.payee(account=row, keys=settings().payout_key_ring)
        assert details["name"] == "梅"
        assert details["openid"].startswith("payee-")

    def test_it_is_sealed_anew_under_the_first_key(
        self, app: Flask, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ring(app, monkeypatch, "old")
        [mei] = make.leaders(1)
        make.account(mei, "bank")
        ring(app, monkeypatch, "new", "old")
        answer = app.test_cli_runner().invoke(args=["payouts", "reencrypt"])
        assert (answer.exit_code, answer.output) == (0, "1 accounts are sealed anew under new\n")
        answer = app.test_cli_runner().invoke(args=["payouts", "reencrypt"])
        assert answer.output == "0 accounts are sealed anew under new\n"
        ring(app, monkeypatch, "new")
        session().expire_all()
        row = session().query(PayoutAccount).one()
        details = accounts.details_of(account=row, keys=settings().payout_key_ring)
        assert (row.key_id, details) == ("new", make.DETAILS["bank"])

    @pytest.mark.parametrize(
        "sql",
        [
            "delete from payout_accounts",
            "update payout_accounts set kind = 'demo'",
            "update payout_accounts set usable_from = usable_from - interval '1 day'",
            "update payout_notices set kind = 'x'",
        ],
    )
    def test_it_keeps_every_version(self, app: Flask, sql: str) -> None:
        [mei] = make.leaders(1)
        make.account(mei, "bank")
        with pytest.raises(Exception, match=r"kept|append-only"), transaction():
            session().execute(text(sql))

    def test_it_has_no_account_twice_at_once(self, app: Flask) -> None:
        [mei] = make.leaders(1)
        make.account(mei, "bank")
        make.account(mei, "demo")
        with transaction():
            assert services.reencrypt(keys=settings().payout_key_ring) == 0
        numbers = [row.number for row in session().query(PayoutAccount)]
        assert sorted(numbers) == [1, 2]
