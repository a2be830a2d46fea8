"""Customer locks as headquarters and leaders see them, and closing one by hand."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from groupbuy.attribution import services
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import session, transaction
from groupbuy.kernel.problems import NotInThisState
from tests.attribution.test_policies import in_force
from tests.client import Api
from tests.conftest import START
from tests.journeys.headquarters import Shop, made
from tests.orders.test_api import refused
from tests.rivals import second_waits_for_first

LOCKS = "/hq/customer-locks"
HUA = Actor(kind="staff", id="hua", role="operator")


@pytest.fixture
def shop(api: Api) -> Shop:
    """A shop that sells eggs."""
    shop = Shop(api)
    shop.stock("Eggs", price_fen=1500, units=50)
    return shop


def shared(shop: Shop, *names: str) -> dict[str, str]:
    """Let leaders host the same campaign; return each one's share code."""
    campaign = shop.campaign({"Eggs": 1000}, lasts=timedelta(days=60))
    return {n: shop.host(n, campaign, shop.recruit(n))["share_code"] for n in names}


def touch(shop: Shop, name: str, code: str) -> str:
    return str(made(shop.api.shopper(name).post("/touches", {"share_code": code}))["result"])


def locks(shop: Shop, **filters: Any) -> list[dict[str, Any]]:
    return list(made(shop.hua.get(LOCKS, **filters), 200)["items"])


class TestHistory:
    """Who was bound to whom."""

    def test_it_tells_who_was_bound_to_whom_and_how_it_ended(self, shop: Shop) -> None:
        codes = shared(shop, "mei", "tao")
        touch(shop, "bo", codes["mei"])
        touch(shop, "zed", codes["mei"])
        shop.wait(days=30)
        assert touch(shop, "bo", codes["tao"]) == "LOCK_TAKEN_OVER"
        bo = shop.api.shopper("bo").id
        taken, first = locks(shop, shopper=bo)
        assert (taken["is_open"], first["is_open"]) == (True, False)
        assert (first["close_reason"], first["closed_by"]) == ("LOCK_TAKEN_OVER", None)
        assert first["closed_at"] == taken["locked_at"]
        assert first["protected_until"] is None
        until = shop.api.clock.now() + timedelta(days=30)
        assert taken["protected_until"] == until.isoformat()
        assert len(locks(shop, leader=first["leader_id"])) == 2
        assert [lock["id"] for lock in locks(shop, shopper=bo, open=True)] == [taken["id"]]
        assert [lock["id"] for lock in locks(shop, shopper=bo, open=False)] == [first["id"]]

    def test_it_counts_an_expired_lock_as_not_open(self, shop: Shop) -> None:
        codes = shared(shop, "mei")
        touch(shop, "bo", codes["mei"])
        shop.wait(days=365)
        (lock,) = locks(shop)
        assert (lock["is_open"], lock["closed_at"]) == (False, None)
        assert locks(shop, open=True) == []
        assert made(shop.api.shopper("mei").get("/leader/customers"), 200)["items"] == []
        path = f"{LOCKS}/{lock['id']}/closure"
        refused(shop.hua.post(path, {"reason": "Too late."}), 409, "not-in-this-state")

    def test_it_shows_a_leader_the_own_customers_and_nothing_personal(self, shop: Shop) -> None:
        in_force(shop.api, protect_days=None, validity_days=None)
        codes = shared(shop, "mei", "tao")
        touch(shop, "bo", codes["mei"])
        touch(shop, "zed", codes["tao"])
        (own,) = made(shop.api.shopper("mei").get("/leader/customers"), 200)["items"]
        assert own == {
            "lock_id": own["lock_id"],
            "shopper_id": shop.api.shopper("bo").id,
            "locked_at": START.isoformat(),
            "expires_at": None,
            "protected_until": None,
        }
        for path in ("/leader/customers", LOCKS):
            assert shop.api.anonymous.get(path).status_code == 401
            assert shop.api.shopper("zed").get(path).status_code == 403

    def test_it_reads_pages_in_a_constant_number_of_statements(
        self, shop: Shop, count_statements: Callable[[], Any]
    ) -> None:
        codes = shared(shop, "mei")
        for name in ("bo", "zed", "lan", "wei"):
            touch(shop, name, codes["mei"])
        mei = shop.api.shopper("mei")
        for caller, path in ((shop.hua, LOCKS), (mei, "/leader/customers")):
            counts = []
            for limit in (1, 3):
                with count_statements() as statements:
                    page = made(caller.get(path, limit=limit), 200)
                assert (len(page["items"]), page["next_cursor"] is None) == (limit, False)
                counts.append(len(statements))
            assert counts[0] == counts[1]


class TestClosure:
    """Freeing a customer by hand."""

    def test_it_frees_the_customer_and_keeps_who_and_why(self, shop: Shop) -> None:
        codes = shared(shop, "mei", "tao")
        touch(shop, "bo", codes["mei"])
        (lock,) = locks(shop)
        path = f"{LOCKS}/{lock['id']}/closure"
        refused(shop.hua.post(path, {"reason": " "}), 422, "invalid-input")
        closed = made(shop.hua.post(path, {"reason": "Moved away."}), 200)
        assert (closed["is_open"], closed["close_reason"]) == (False, "CLOSED_BY_STAFF")
        assert (closed["closed_by"], closed["close_note"]) == (shop.hua.id, "Moved away.")
        refused(shop.hua.post(path, {"reason": "Again."}), 409, "not-in-this-state")
        assert touch(shop, "bo", codes["tao"]) == "LOCKED"
        (entry,) = made(shop.api.staff("auditor").get("/hq/audit-log", subject=lock["id"]), 200)[
            "items"
        ]
        assert entry["action"] == "customer_lock.close"

    def test_it_is_for_operators_and_for_locks_that_exist(self, shop: Shop) -> None:
        path, body = f"{LOCKS}/lck_{'0' * 32}/closure", {"reason": "Because."}
        refused(shop.hua.post(path, body), 404, "not-found")
        assert shop.api.anonymous.post(path, body).status_code == 401
        for outsider in (shop.api.shopper("zed"), shop.api.staff("auditor")):
            assert outsider.post(path, body).status_code == 403

    @pytest.mark.committed
    def test_it_never_overwrites_a_touch_that_took_the_lock_over(
        self, app: Flask, shop: Shop
    ) -> None:
        with transaction():
            in_force(shop.api, protect_days=0)
        codes = shared(shop, "mei", "tao")
        touch(shop, "bo", codes["mei"])
        (lock,) = locks(shop)
        bo = shop.api.shopper("bo").id
        result, refusal = second_waits_for_first(
            app,
            lambda: (
                services.record_touch(
                    shopper_id=bo, share_code=codes["tao"], scene="", now=START + timedelta(hours=1)
                ).result
            ),
            lambda: services.close_lock(
                lock_id=lock["id"], reason="Because.", actor=HUA, now=START + timedelta(hours=1)
            ),
        )
        assert result == "LOCK_TAKEN_OVER"
        assert isinstance(refusal, NotInThisState)
        session().expire_all()
        assert [one["close_reason"] for one in locks(shop)] == [None, "LOCK_TAKEN_OVER"]
