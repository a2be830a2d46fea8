"""Suppliers and brands at headquarters: /hq/suppliers, /hq/brands."""

from collections.abc import Callable
from typing import Any

import pytest

from groupbuy.kernel.audit import AuditEntry
from groupbuy.kernel.db import session
from tests.catalogue.answers import created, pointers, problem, texts
from tests.client import Api, Caller
from tests.factories import catalogue as make

KINDS: dict[str, Callable[..., Any]] = {"suppliers": make.supplier, "brands": make.brand}


@pytest.fixture
def hua(api: Api) -> Caller:
    """Hua of headquarters, who edits the catalogue."""
    return api.staff("operator", "hua")


class TestBoth:
    """What suppliers and brands have in common."""

    @pytest.mark.parametrize("kind", KINDS)
    def test_it_is_created_edited_archived_and_restored(self, hua: Caller, kind: str) -> None:
        made = created(hua.post(f"/hq/{kind}", {"name": "Farm", "note": "Mornings only"}))
        path = f"/hq/{kind}/{made['id']}"
        assert (made["active"], made["note"]) == (True, "Mornings only")
        archived = hua.patch(path, {"active": False}, if_match=1)
        assert archived.json == {**made, "active": False, "version": 2}
        assert archived.headers["ETag"] == '"2"'
        restored = hua.patch(path, {"active": True, "name": "Big Farm"}, if_match=2)
        assert restored.json == {**made, "name": "Big Farm", "version": 3}
        assert hua.get(path).json == restored.json
        assert problem(hua.patch(path, {"name": "Farm"}, if_match=1)) == (412, "stale-version")
        assert problem(hua.patch(path, {"name": "Farm"})) == (428, "version-required")

    @pytest.mark.parametrize("kind", KINDS)
    def test_it_has_a_name_of_its_own_in_any_case(self, hua: Caller, kind: str) -> None:
        code = {"suppliers": "supplier-name-taken", "brands": "brand-name-taken"}[kind]
        KINDS[kind]("Farm")
        other = KINDS[kind]("Mill")
        assert problem(hua.post(f"/hq/{kind}", {"name": "FARM"})) == (409, code)
        path = f"/hq/{kind}/{other.id}"
        assert problem(hua.patch(path, {"name": "farm"}, if_match=1)) == (409, code)
        assert hua.patch(path, {"name": "MILL"}, if_match=1).status_code == 200

    @pytest.mark.parametrize("kind", KINDS)
    def test_it_is_listed_by_name_and_activity_in_pages(self, hua: Caller, kind: str) -> None:
        for name in ("Hill Farm", "Mill", "Sea farm"):
            KINDS[kind](name)
        sea = hua.get(f"/hq/{kind}", q="sea").json["items"][0]["id"]
        hua.patch(f"/hq/{kind}/{sea}", {"active": False}, if_match=1)
        assert texts(hua.get(f"/hq/{kind}", q="FARM"), "name") == ["Hill Farm", "Sea farm"]
        assert texts(hua.get(f"/hq/{kind}", q="_"), "name") == []
        assert texts(hua.get(f"/hq/{kind}", active="false"), "name") == ["Sea farm"]
        first = hua.get(f"/hq/{kind}", limit=2)
        rest = hua.get(f"/hq/{kind}", limit=2, cursor=first.json["next_cursor"])
        assert texts(first, "name") + texts(rest, "name") == ["Hill Farm", "Mill", "Sea farm"]
        assert rest.json["next_cursor"] is None

    @pytest.mark.parametrize("kind", KINDS)
    def test_it_refuses_what_does_not_fit_the_schema(self, hua: Caller, kind: str) -> None:
        assert sorted(pointers(hua.post(f"/hq/{kind}", {"name": " ", "rank": 1}))) == [
            "/name",
            "/rank",
        ]

    @pytest.mark.parametrize("kind", KINDS)
    def test_it_is_listed_by_one_statement(
        self, hua: Caller, kind: str, count_statements: Callable[[], Any]
    ) -> None:
        for _ in range(4):
            KINDS[kind]()
        hua.get("/hq/categories")
        with count_statements() as statements:
            assert len(hua.get(f"/hq/{kind}").json["items"]) == 4
        assert len([s for s in statements if f"FROM {kind}" in s]) == 1


class TestSuppliers:
    """What only suppliers have: somebody to call."""

    def test_it_knows_whom_to_call(self, hua: Caller) -> None:
        body = {"name": "Farm", "contact_name": "Li Wei", "phone": "+86 571 8888 0000"}
        farm = created(hua.post("/hq/suppliers", body))
        path = f"/hq/suppliers/{farm['id']}"
        assert hua.get(path).json == {**body, **farm}
        assert texts(hua.get("/hq/suppliers", q="8888"), "name") == ["Farm"]
        assert texts(hua.get("/hq/suppliers", q="li w"), "name") == ["Farm"]
        nobody = hua.patch(path, {"contact_name": "", "phone": ""}, if_match=1)
        assert (nobody.json["contact_name"], nobody.json["phone"]) == ("", "")
        assert pointers(hua.patch(path, {"phone": "call me"}, if_match=2)) == ["/phone"]

    def test_it_leaves_nobodys_number_in_the_audit_log(self, hua: Caller) -> None:
        farm = make.supplier("Farm", contact_name="Li Wei", phone="+86 571 8888 0000")
        changes = {"phone": "+86 571 9999 0000", "contact_name": "Li Na", "active": False}
        hua.patch(f"/hq/suppliers/{farm.id}", changes, if_match=1)
        facts = session().query(AuditEntry.facts).filter_by(subject=farm.id).all()
        assert [row.facts for row in facts] == [{"name": "Farm"}, {"changes": {"active": False}}]
