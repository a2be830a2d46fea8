"""Batches, codes, issues and wallets over HTTP: anonymous, outsider, happy path, each Problem."""

from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from groupbuy.app.registry import invariants
from groupbuy.kernel import books
from groupbuy.kernel.db import session, transaction
from groupbuy.kernel.jobs import run_pending
from groupbuy.pricing import services
from groupbuy.pricing.jobs import resume_issues
from groupbuy.pricing.models import CouponIssue
from groupbuy.pricing.services import issuing
from tests.client import Api, Caller
from tests.factories import leaders
from tests.journeys.headquarters import Shop, made
from tests.orders.test_api import refused
from tests.pricing.shop import BATCH, WHY, batch

NOBODY = "0" * 32


@pytest.fixture
def shop(api: Api) -> Shop:
    """A shop with eggs."""
    shop = Shop(api)
    shop.stock("Eggs", price_fen=1000, units=50)
    return shop


@pytest.fixture
def hua(shop: Shop) -> Caller:
    """Hua of operations."""
    return shop.hua


@pytest.fixture
def bo(shop: Shop) -> Caller:
    """Bo, who collects coupons."""
    return shop.api.shopper("bo")


def wallet(caller: Caller, **query: Any) -> list[dict[str, Any]]:
    return list(made(caller.get("/me/coupons", **query), 200)["items"])


def shown(hua: Caller, of: dict[str, Any]) -> dict[str, Any]:
    return made(hua.get(f"/hq/coupon-batches/{of['id']}"), 200)


def books_hold() -> None:
    broken = [finding for finding in books.check(invariants()) if finding.faults]
    assert not broken, broken


class TestBatches:
    """GET/POST /hq/coupon-batches, GET/PATCH /hq/coupon-batches/{id}, its moves"""

    def test_it_drafts_shows_and_lists_batches(self, hua: Caller) -> None:
        answer = hua.post("/hq/coupon-batches", {**BATCH, "public_code": "spring 2026"})
        assert (answer.status_code, answer.headers["ETag"]) == (201, '"1"')
        draft = answer.json
        assert (draft["state"], draft["given"]) == ("draft", 0)
        assert draft["public_code"] == "SPRING2026"
        assert shown(hua, draft) == draft
        other = batch(hua, kind="delivery", off_fen=None)
        page = made(hua.get("/hq/coupon-batches"), 200)
        assert [one["id"] for one in page["items"]] == [other["id"], draft["id"]]
        page = made(hua.get("/hq/coupon-batches", state="draft", kind="fixed"), 200)
        assert [one["id"] for one in page["items"]] == [draft["id"]]
        refused(hua.get(f"/hq/coupon-batches/cpb_{NOBODY}"), 404, "not-found")

    @pytest.mark.parametrize(
        ("changes", "pointer"),
        [
            ({"off_fen": None}, "/off_fen"),
            ({"off_bps": 100}, "/off_fen"),
            ({"kind": "percentage"}, "/off_bps"),
            ({"kind": "delivery", "off_bps": 5}, "/off_bps"),
            ({"cap_fen": 100}, "/cap_fen"),
            ({"valid_days": None}, "/valid_days"),
            ({"starts_at": "2026-03-02T00:00:00Z"}, "/valid_days"),
            (
                {
                    "starts_at": "2026-03-02T00:00:00Z",
                    "ends_at": "2026-03-02T00:00:00Z",
                    "valid_days": None,
                },
                "/ends_at",
            ),
            ({"quantity": 0}, "/quantity"),
            ({"goods": "categories"}, "/goods_ids"),
            ({"public_code": "no"}, "/public_code"),
            ({"colour": "red"}, "/colour"),
        ],
    )
    def test_it_refuses_what_does_not_fit(
        self, hua: Caller, changes: dict[str, Any], pointer: str
    ) -> None:
        answer = hua.post("/hq/coupon-batches", {**BATCH, **changes})
        assert refused(answer, 422, "invalid-input")["errors"][0]["pointer"] == pointer

    def test_it_edits_drafts_only(self, hua: Caller) -> None:
        draft = made(hua.post("/hq/coupon-batches", BATCH))
        path = f"/hq/coupon-batches/{draft['id']}"
        assert made(hua.patch(path, {"quantity": 20}, if_match=1), 200)["quantity"] == 20
        refused(hua.patch(path, {"quantity": 30}, if_match=1), 412, "stale-version")
        made(hua.post(f"{path}/publication"), 200)
        refused(hua.patch(path, {"quantity": 30}, if_match=3), 409, "not-in-this-state")
        with pytest.raises(DBAPIError, match="never edited"), session().begin_nested():
            session().execute(text("update coupon_batches set off_fen = 9999"))

    def test_it_keeps_a_public_code_for_one_batch(self, hua: Caller) -> None:
        batch(hua, public_code="WELCOME")
        answer = hua.post("/hq/coupon-batches", {**BATCH, "public_code": "wel-come"})
        refused(answer, 409, "coupon-code-taken")

    def test_it_gives_only_while_it_is_published(self, hua: Caller, bo: Caller) -> None:
        draft = made(hua.post("/hq/coupon-batches", {**BATCH, "public_code": "WELCOME"}))
        path, claim = f"/hq/coupon-batches/{draft['id']}", {"code": "WELCOME"}
        refused(bo.post("/me/coupons", claim), 404, "coupon-code-unknown")
        made(hua.post(f"{path}/publication"), 200)
        made(hua.post(f"{path}/pause", WHY), 200)
        refused(bo.post("/me/coupons", claim), 404, "coupon-code-unknown")
        refused(hua.post(f"{path}/pause", WHY), 409, "not-in-this-state")
        made(hua.post(f"{path}/publication"), 200)
        made(bo.post("/me/coupons", claim))
        assert made(hua.post(f"{path}/ending", WHY), 200)["state"] == "ended"
        refused(hua.post(f"{path}/publication"), 409, "not-in-this-state")
        refused(hua.post(f"{path}/ending", WHY), 409, "not-in-this-state")
        assert len(wallet(bo, state="claimed")) == 1


class TestClaiming:
    """GET/POST /me/coupons"""

    def test_it_gives_a_coupon_for_a_public_code(self, hua: Caller, bo: Caller, shop: Shop) -> None:
        of = batch(hua, public_code="WELCOME", from_fen=900)
        coupon = made(bo.post("/me/coupons", {"code": " wel-come "}))
        assert (coupon["state"], coupon["off_fen"], coupon["from_fen"]) == ("claimed", 500, 900)
        assert coupon["expires_at"] == "2026-04-01T01:00:00+00:00"
        assert wallet(bo) == [coupon]
        assert wallet(shop.api.shopper("zed")) == []
        assert shown(hua, of)["given"] == 1
        body = {"lines": [{"sku_id": shop.skus["Eggs"], "quantity": 1}]}
        quote = made(bo.post("/quotes", {**body, "coupon_id": coupon["id"]}), 200)
        assert quote["total_fen"] == 500
        books_hold()

    def test_it_gives_no_more_than_one_may_have_and_than_there_are(
        self, hua: Caller, bo: Caller, shop: Shop
    ) -> None:
        batch(hua, public_code="WELCOME", quantity=3, per_shopper=2)
        claim = {"code": "WELCOME"}
        for _ in range(2):
            made(bo.post("/me/coupons", claim))
        assert refused(bo.post("/me/coupons", claim), 409, "coupon-limit-reached")["limit"] == 2
        zed = shop.api.shopper("zed")
        made(zed.post("/me/coupons", claim))
        refused(zed.post("/me/coupons", claim), 409, "coupons-gone")
        books_hold()

    def test_it_tells_headquarters_who_has_one(self, hua: Caller, bo: Caller, shop: Shop) -> None:
        of = batch(hua, public_code="WELCOME")
        coupon = made(bo.post("/me/coupons", {"code": "WELCOME"}))
        for query in ({"shopper_id": bo.id}, {"batch_id": of["id"]}, {"state": "claimed"}):
            [one] = made(hua.get("/hq/coupons", **query), 200)["items"]
            assert (one["id"], one["shopper_id"]) == (coupon["id"], bo.id)
        assert made(hua.get("/hq/coupons", state="used"), 200)["items"] == []
        assert bo.get("/hq/coupons").status_code == 403

    def test_it_shows_what_has_expired(self, hua: Caller, bo: Caller, shop: Shop) -> None:
        window = {"starts_at": "2026-03-03T00:00:00Z", "ends_at": "2026-03-04T00:00:00Z"}
        batch(hua, public_code="WELCOME", valid_days=None, **window)
        coupon = made(bo.post("/me/coupons", {"code": "WELCOME"}))
        body = {"lines": [{"sku_id": shop.skus["Eggs"], "quantity": 1}]}
        answer = bo.post("/quotes", {**body, "coupon_id": coupon["id"]})
        assert refused(answer, 409, "coupon-not-applicable")["reason"] == "not_started"
        shop.api.clock.advance(days=2)
        assert [one["state"] for one in wallet(bo, state="expired")] == ["expired"]
        assert wallet(bo, state="claimed") == wallet(bo, state="used") == []
        zed = shop.api.shopper("zed")
        refused(zed.post("/me/coupons", {"code": "WELCOME"}), 404, "coupon-code-unknown")

    def test_it_knows_no_other_code(self, bo: Caller) -> None:
        refused(bo.post("/me/coupons", {"code": "NOTHING"}), 404, "coupon-code-unknown")
        refused(bo.post("/me/coupons", {"code": "!"}), 422, "invalid-input")


class TestCodes:
    """POST/GET /hq/coupon-batches/{id}/codes"""

    def test_it_makes_codes_that_are_good_once(self, hua: Caller, bo: Caller, shop: Shop) -> None:
        of = batch(hua, per_shopper=2)
        path = f"/hq/coupon-batches/{of['id']}/codes"
        assert made(hua.post(path, {"count": 4})) == {"made": 4}
        codes = [one["code"] for one in made(hua.get(path), 200)["items"]]
        assert len(set(codes)) == 4
        made(bo.post("/me/coupons", {"code": codes[0].lower()}))
        for caller in (bo, shop.api.shopper("zed")):
            refused(caller.post("/me/coupons", {"code": codes[0]}), 404, "coupon-code-unknown")
        [claimed] = made(hua.get(path, claimed="true"), 200)["items"]
        assert (claimed["code"], claimed["claimed_by"]) == (codes[0], bo.id)
        assert len(made(hua.get(path, claimed="false"), 200)["items"]) == 3
        table = hua.get(f"{path}/file", format="csv").text.splitlines()
        assert len(table) == 5
        assert codes[3] in table[4]
        books_hold()

    def test_it_keeps_a_code_good_that_one_could_not_use(
        self, hua: Caller, bo: Caller, shop: Shop
    ) -> None:
        of = batch(hua)
        path = f"/hq/coupon-batches/{of['id']}/codes"
        made(hua.post(path, {"count": 2}))
        first, second = (one["code"] for one in made(hua.get(path), 200)["items"])
        made(bo.post("/me/coupons", {"code": first}))
        refused(bo.post("/me/coupons", {"code": second}), 409, "coupon-limit-reached")
        made(shop.api.shopper("zed").post("/me/coupons", {"code": second}))

    def test_it_makes_no_more_codes_than_coupons(self, hua: Caller) -> None:
        of = batch(hua)
        path = f"/hq/coupon-batches/{of['id']}"
        refused(hua.post(f"{path}/codes", {"count": 11}), 422, "invalid-input")
        made(hua.post(f"{path}/ending", WHY), 200)
        refused(hua.post(f"{path}/codes", {"count": 1}), 409, "not-in-this-state")


class TestIssues:
    """POST/GET /hq/coupon-batches/{id}/issues, /hq/coupon-issues/{id}"""

    def issue(self, hua: Caller, of: dict[str, Any], **audience: Any) -> dict[str, Any]:
        body = {"audience": audience}
        issue = made(hua.post(f"/hq/coupon-batches/{of['id']}/issues", body))
        assert issue["state"] == "running"
        run_pending()
        return made(hua.get(f"/hq/coupon-issues/{issue['id']}"), 200)

    def test_it_gives_to_those_that_are_named(self, hua: Caller, bo: Caller, shop: Shop) -> None:
        of, zed = batch(hua), shop.api.shopper("zed")
        issue = self.issue(hua, of, shopper_ids=[bo.id, zed.id])
        assert (issue["state"], issue["found"], issue["issued"]) == ("done", 2, 2)
        again = self.issue(hua, of, shopper_ids=[bo.id])
        assert (again["state"], again["found"], again["issued"]) == ("done", 1, 0)
        assert len(wallet(bo)) == len(wallet(zed)) == 1
        page = made(hua.get(f"/hq/coupon-batches/{of['id']}/issues"), 200)
        assert [one["id"] for one in page["items"]] == [again["id"], issue["id"]]
        books_hold()

    def test_it_gives_to_who_ordered_or_never_did(
        self, hua: Caller, bo: Caller, shop: Shop
    ) -> None:
        mei = shop.recruit("mei")
        hosted = shop.host("mei", shop.campaign({"Eggs": 900}), mei)
        shop.wait(hours=1)
        shop.order("bo", str(hosted["id"]), {"Eggs": 1})
        shop.api.clock.advance(days=1)
        shop.order("zed", None, {"Eggs": 1}, pickup_point_id=mei["point"])
        shop.api.shopper("lan")
        zed, lan = shop.api.shopper("zed"), shop.api.shopper("lan")
        audiences: list[tuple[dict[str, Any], list[Caller]]] = [
            ({"community_id": mei["community"]}, [bo]),
            ({"ordered_since": "2026-03-03T00:00:00Z"}, [zed]),
            ({"ordered_since": "2026-03-01T00:00:00Z"}, [bo, zed]),
            ({"never_ordered": True, "shopper_ids": [lan.id, bo.id]}, [lan]),
            ({"members": True}, []),
        ]
        for audience, expected in audiences:
            of = batch(hua)
            self.issue(hua, of, **audience)
            callers = [c for c in (bo, zed, lan) if any(self.has(c, of))]
            assert callers == expected, audience

    def has(self, caller: Caller, of: dict[str, Any]) -> list[str]:
        query = text(
            "select id::text from coupons where batch_id = cast(:of as uuid) "
            "and shopper_id = cast(:by as uuid)"
        )
        found = session().scalars(query, {"of": of["id"][4:], "by": caller.id[4:]})
        return list(found)

    def test_it_goes_on_where_it_was_cut(
        self, hua: Caller, shop: Shop, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(issuing, "PORTION", 2)
        ids = [leaders.shopper_id() for _ in range(5)]
        of = batch(hua)
        body = {"audience": {"shopper_ids": ids}}
        issue = made(hua.post(f"/hq/coupon-batches/{of['id']}/issues", body))
        session().execute(text("delete from procrastinate_events"))
        session().execute(text("delete from procrastinate_jobs"))
        with transaction():
            assert services.advance_issue(issue_id=issue["id"], now=shop.api.clock.now())
        shop.api.clock.advance(minutes=6)
        resume_issues()
        run_pending()
        after = made(hua.get(f"/hq/coupon-issues/{issue['id']}"), 200)
        assert (after["state"], after["found"], after["issued"]) == ("done", 5, 5)
        assert shown(hua, of)["given"] == 5
        books_hold()

    def test_it_stops_when_the_batch_has_no_more(self, hua: Caller, shop: Shop) -> None:
        of = batch(hua, quantity=2)
        issue = self.issue(hua, of, shopper_ids=[leaders.shopper_id() for _ in range(5)])
        assert (issue["state"], issue["found"], issue["issued"]) == ("stopped", 2, 2)
        books_hold()

    def test_it_is_stopped_by_hand(self, hua: Caller, bo: Caller) -> None:
        of = batch(hua)
        path = f"/hq/coupon-batches/{of['id']}/issues"
        issue = made(hua.post(path, {"audience": {"shopper_ids": [bo.id]}}))
        stop = f"/hq/coupon-issues/{issue['id']}/stop"
        assert made(hua.post(stop), 200)["state"] == "stopped"
        run_pending()
        assert wallet(bo) == []
        refused(hua.post(stop), 409, "not-in-this-state")
        assert session().query(CouponIssue).one().issued == 0

    @pytest.mark.parametrize(
        "audience",
        [
            {},
            {"never_ordered": True, "ordered_since": "2026-03-01T00:00:00Z"},
            {"community_id": f"com_{NOBODY}"},
            {"colour": "red"},
        ],
    )
    def test_it_needs_an_audience(self, hua: Caller, audience: dict[str, Any]) -> None:
        path = f"/hq/coupon-batches/{batch(hua)['id']}/issues"
        refused(hua.post(path, {"audience": audience}), 422, "invalid-input")

    def test_it_needs_a_published_batch(self, hua: Caller, bo: Caller) -> None:
        draft = made(hua.post("/hq/coupon-batches", BATCH))
        path = f"/hq/coupon-batches/{draft['id']}/issues"
        refused(hua.post(path, {"audience": {"shopper_ids": [bo.id]}}), 409, "not-in-this-state")


def test_it_is_for_operators_and_readable_for_staff(api: Api, hua: Caller) -> None:
    path = f"/hq/coupon-batches/{batch(hua)['id']}"
    for caller, status in ((api.anonymous, 401), (api.shopper("zed"), 403)):
        assert caller.get(path).status_code == status
        assert caller.post("/hq/coupon-batches", BATCH).status_code == status
    finance = api.staff("finance")
    assert finance.get(path).status_code == 200
    assert finance.get(f"{path}/codes").status_code == 403
    assert api.anonymous.get("/me/coupons").status_code == 401
    assert hua.get("/me/coupons").status_code == 403
