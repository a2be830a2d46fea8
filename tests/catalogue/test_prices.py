"""What prices were, and what nobody outside headquarters is told."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from groupbuy.catalogue.queries import INVARIANTS
from groupbuy.identity.rules import PERMISSIONS, Role
from groupbuy.kernel import books
from groupbuy.kernel.clock import ManualClock
from groupbuy.kernel.db import session
from groupbuy.kernel.ids import new_id
from scripts.dev.document import operations
from tests.catalogue.answers import created, pointers, problem
from tests.client import Api, Caller
from tests.factories import catalogue as make


@pytest.fixture
def hua(api: Api) -> Caller:
    """Hua of headquarters, who edits the catalogue."""
    return api.staff("operator", "hua")


class TestHistory:
    """GET /hq/skus/{id}/prices"""

    def test_it_tells_who_changed_which_price_when_the_latest_first(
        self, hua: Caller, clock: ManualClock
    ) -> None:
        body = {"product_id": make.product().id, "price_fen": 1990, "cost_fen": 1200}
        sku = created(hua.post("/hq/skus", body))
        path = f"/hq/skus/{sku['id']}"
        clock.advance(hours=1)
        hua.patch(path, {"price_fen": 1790, "cost_fen": None, "name": "Box"}, if_match=1)
        hua.patch(path, {"price_fen": 1790, "list_price_fen": 2590}, if_match=2)
        seen = hua.get(f"{path}/prices").json["items"]
        changes = [(row["kind"], row["old_fen"], row["new_fen"]) for row in seen]
        assert changes == [
            ("list_price", None, 2590),
            ("cost", 1200, None),
            ("price", 1990, 1790),
            ("cost", None, 1200),
            ("price", None, 1990),
        ]
        assert {row["changed_by"] for row in seen} == {hua.id}
        assert [row["changed_at"][11:16] for row in seen] == ["02:00"] * 3 + ["01:00"] * 2

    def test_it_pages_and_filters_by_kind(self, hua: Caller) -> None:
        sku = make.sku(price_fen=100, cost_fen=50)
        path = f"/hq/skus/{sku.id}"
        for version in (1, 2):
            hua.patch(path, {"price_fen": 100 + version}, if_match=version)
        first = hua.get(f"{path}/prices", kind="price", limit=2).json
        rest = hua.get(f"{path}/prices", kind="price", cursor=first["next_cursor"]).json
        assert [row["new_fen"] for row in first["items"] + rest["items"]] == [102, 101, 100]
        assert pointers(hua.get(f"{path}/prices", kind="worth")) == ["/kind"]
        nowhere = hua.get(f"/hq/skus/{new_id('sku')}/prices")
        assert problem(nowhere) == (404, "not-found")

    def test_it_is_for_headquarters(self, api: Api) -> None:
        path = f"/hq/skus/{make.sku().id}/prices"
        assert api.anonymous.get(path).status_code == 401
        assert api.shopper("mei").get(path).status_code == 403
        assert api.staff("trainer").get(path).status_code == 403
        assert api.staff("auditor").get(path).status_code == 200

    @pytest.mark.parametrize("change", ["update sku_prices set new_fen = 1", "delete from skus"])
    def test_it_is_never_changed(self, app: Flask, change: str) -> None:
        make.sku()
        with pytest.raises(DBAPIError), session().begin_nested():
            session().execute(text(change))


class TestInvariants:
    """What `flask books check` holds the catalogue against."""

    def faults(self) -> dict[str, int]:
        return {f.invariant.name: len(f.faults) for f in books.check(INVARIANTS) if f.faults}

    def test_it_holds_after_edits(self, hua: Caller) -> None:
        product = make.product()
        cheap = make.sku(product, name="Small", price_fen=500)
        make.sku(product, name="Large", price_fen=900)
        hua.patch(f"/hq/skus/{cheap.id}", {"active": False}, if_match=1)
        session().expire_all()
        assert product.lowest_price_fen == 900
        assert self.faults() == {}

    @pytest.mark.parametrize(
        ("change", "broken"),
        [
            ("update products set lowest_price_fen = 1", {"catalogue.lowest_price": 1}),
            (
                "update skus set price_fen = 1",
                {"catalogue.lowest_price": 1, "catalogue.price_history": 1},
            ),
            (
                "update products set picture_ids = array[gen_random_uuid()]",
                {"catalogue.pictures": 1},
            ),
        ],
    )
    def test_it_finds_what_was_changed_behind_its_back(
        self, app: Flask, change: str, broken: dict[str, int]
    ) -> None:
        make.sku()
        session().execute(text(change))
        assert self.faults() == broken


OUTSIDE = {Role.ANONYMOUS, Role.SHOPPER, Role.LEADER}


def answers_to_outsiders(app: Flask) -> Iterator[tuple[str, Any]]:
    """Yield each endpoint that somebody outside headquarters may call, with its answers."""
    for method, path, operation in operations(app):
        if OUTSIDE & PERMISSIONS[operation["x-permission"]]:
            for response in operation["responses"].values():
                for content in response.get("content", {}).values():
                    yield f"{method} {path}", content.get("schema", {})


def field_names(schema: Any, components: dict[str, Any], seen: set[str]) -> Iterator[str]:
    """Yield the name of every field that an answer may have, at any depth."""
    if isinstance(schema, list):
        for part in schema:
            yield from field_names(part, components, seen)
        return
    if not isinstance(schema, dict):
        return
    name = str(schema.get("$ref", "")).rpartition("/")[2]
    if name and name not in seen:
        seen.add(name)
        yield from field_names(components[name], components, seen)
    yield from schema.get("properties", {})
    for part in schema.values():
        yield from field_names(part, components, seen)


def schemas(app: Flask) -> dict[str, Any]:
    """Return every schema that the description of the API names."""
    document: Any = app.test_client().get("/openapi.json").json
    return dict(document["components"]["schemas"])


class TestCost:
    """What goods cost us is told to headquarters alone."""

    def test_it_is_in_no_answer_to_a_shopper_or_a_leader(self, app: Flask) -> None:
        components = schemas(app)
        looked_at = 0
        for endpoint, schema in answers_to_outsiders(app):
            names = set(field_names(schema, components, set()))
            looked_at += len(names)
            assert [name for name in names if "cost" in name.lower()] == [], endpoint
        assert looked_at > 500

    def test_it_would_be_found(self, app: Flask) -> None:
        components = schemas(app)
        page = {"$ref": "#/components/schemas/SkuPage"}
        assert "cost_fen" in set(field_names(page, components, set()))
