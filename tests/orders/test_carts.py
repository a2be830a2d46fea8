"""Carts over HTTP: in a group buy and in the house shop."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from groupbuy.kernel import clock
from groupbuy.kernel.db import session
from groupbuy.orders.errors import CartFull
from groupbuy.orders.jobs import forget_carts
from groupbuy.orders.models import Cart, CartLine
from groupbuy.orders.services import carts
from tests.client import Answer
from tests.journeys.headquarters import made
from tests.orders.conftest import Stand
from tests.orders.test_api import refused
from tests.rivals import at_once


def put(
    stand: Stand, title: str, quantity: int, *, name: str = "bo", group_buy: str | None = None
) -> Answer:
    """Put units into a cart, a second after what happened before."""
    stand.api.clock.advance(seconds=1)
    body = {"quantity": quantity, "group_buy_id": group_buy}
    return stand.api.shopper(name).put(f"/cart/lines/{stand.skus[title]}", body)


def shown(stand: Stand, name: str = "bo", **which: str) -> dict[str, Any]:
    """Return a cart."""
    return made(stand.api.shopper(name).get("/cart", **which), 200)


class TestPutting:
    """PUT and DELETE /cart/lines/{sku_id}, DELETE /cart"""

    def test_it_keeps_a_cart_for_each_group_buy_and_one_for_the_house(self, stand: Stand) -> None:
        hosted = {"group_buy_id": stand.group_buy}
        made(put(stand, "Eggs", 2, group_buy=stand.group_buy), 200)
        made(put(stand, "Eggs", 1), 200)
        cart = made(put(stand, "Strawberries", 3, group_buy=stand.group_buy), 200)
        assert cart == shown(stand, **hosted)
        assert [(line["title"], line["quantity"]) for line in cart["lines"]] == [
            ("Eggs", 2),
            ("Strawberries", 3),
        ]
        assert (cart["open"], cart["total_fen"]) == (True, 2 * 1200 + 3 * 1990)
        house = shown(stand)
        assert (house["group_buy_id"], house["total_fen"]) == (None, 1500)
        assert shown(stand, "zed")["lines"] == []

    def test_it_replaces_the_quantity_and_refuses_none(self, stand: Stand) -> None:
        put(stand, "Eggs", 2)
        assert made(put(stand, "Eggs", 5), 200)["lines"][0]["quantity"] == 5
        problem = refused(put(stand, "Eggs", 0), 422, "invalid-input")
        assert "DELETE" in problem["errors"][0]["detail"]
        refused(put(stand, "Eggs", 1000), 422, "invalid-input")

    def test_it_takes_out_and_clears(self, stand: Stand) -> None:
        put(stand, "Eggs", 2)
        put(stand, "Strawberries", 1)
        bo = stand.api.shopper("bo")
        for _ in range(2):
            assert bo.delete(f"/cart/lines/{stand.skus['Eggs']}").status_code == 204
        assert [line["title"] for line in shown(stand)["lines"]] == ["Strawberries"]
        assert bo.delete("/cart").status_code == 204
        assert shown(stand) == {"group_buy_id": None, "open": True, "total_fen": 0, "lines": []}
        assert made(bo.get("/carts"), 200)["items"] == []

    def test_it_takes_only_what_is_sold_there_now(self, stand: Stand) -> None:
        stand.stock("Fish", price_fen=5000, units=5)
        refused(put(stand, "Fish", 1, group_buy=stand.group_buy), 409, "not-for-sale")
        made(put(stand, "Fish", 1), 200)
        refused(put(stand, "Eggs", 1, group_buy=f"gbu_{'1' * 32}"), 404, "not-found")
        stand.wait(days=5)
        refused(put(stand, "Eggs", 1, group_buy=stand.group_buy), 409, "group-buy-not-open")

    def test_it_is_for_shoppers(self, stand: Stand) -> None:
        for path in ("/cart", "/carts"):
            assert stand.api.anonymous.get(path).status_code == 401
            assert stand.hua.get(path).status_code == 403

    def test_it_has_as_many_lines_as_an_order(
        self, stand: Stand, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(carts, "MAX_LINES", 1)
        put(stand, "Eggs", 1)
        made(put(stand, "Eggs", 2), 200)
        assert refused(put(stand, "Strawberries", 1), 409, "cart-full")["most"] == 1


class TestShowing:
    """GET /cart, GET /carts"""

    def test_it_shows_stock_and_what_the_limit_leaves(self, stand: Stand) -> None:
        campaign = stand.campaign({"Eggs": 1000}, allotment=10, limit_per_shopper=3)
        hosted = stand.host("mei", campaign, stand.mei)["id"]
        stand.wait(hours=1)
        stand.order("bo", hosted, {"Eggs": 2})
        (line,) = made(put(stand, "Eggs", 2, group_buy=hosted), 200)["lines"]
        assert (line["limit_left"], line["in_stock"]) == (1, True)
        (line,) = made(put(stand, "Eggs", 9, group_buy=hosted), 200)["lines"]
        assert line["in_stock"] is False
        assert shown(stand, "zed", group_buy_id=stand.group_buy)["lines"] == []

    def test_it_shows_what_is_no_longer_for_sale_without_a_price(self, stand: Stand) -> None:
        put(stand, "Eggs", 2)
        put(stand, "Strawberries", 1)
        sku = made(stand.hua.get(f"/hq/skus/{stand.skus['Eggs']}"), 200)
        made(
            stand.hua.patch(f"/hq/skus/{sku['id']}", {"active": False}, if_match=sku["version"]),
            200,
        )
        cart = shown(stand)
        eggs, berries = cart["lines"]
        assert (eggs["title"], eggs["for_sale"], eggs["unit_price_fen"], eggs["in_stock"]) == (
            "Eggs",
            False,
            None,
            False,
        )
        assert (berries["for_sale"], cart["total_fen"]) == (True, 2990)

    def test_it_says_that_the_group_buy_is_over(self, stand: Stand) -> None:
        put(stand, "Eggs", 2, group_buy=stand.group_buy)
        put(stand, "Eggs", 1)
        bo = stand.api.shopper("bo")
        assert {cart["open"] for cart in made(bo.get("/carts"), 200)["items"]} == {True}
        stand.wait(days=5)
        cart = shown(stand, group_buy_id=stand.group_buy)
        assert (cart["open"], cart["total_fen"]) == (False, 0)
        assert (cart["lines"][0]["title"], cart["lines"][0]["for_sale"]) == ("Eggs", False)
        carts_shown = {
            (cart["group_buy_id"], cart["open"], cart["line_count"], cart["unit_count"])
            for cart in made(bo.get("/carts"), 200)["items"]
        }
        assert carts_shown == {(stand.group_buy, False, 1, 2), (None, True, 1, 1)}
        refused(bo.get("/cart", group_buy_id=f"gbu_{'1' * 32}"), 404, "not-found")

    def test_it_no_longer_holds_what_was_ordered_there(self, stand: Stand) -> None:
        put(stand, "Eggs", 2, group_buy=stand.group_buy)
        put(stand, "Strawberries", 1, group_buy=stand.group_buy)
        put(stand, "Eggs", 1)
        stand.api.clock.advance(seconds=1)
        stand.order("bo", stand.group_buy, {"Eggs": 1})
        stand.order("zed", stand.group_buy, {"Strawberries": 1})
        cart = shown(stand, group_buy_id=stand.group_buy)
        assert [line["title"] for line in cart["lines"]] == ["Strawberries"]
        assert [line["title"] for line in shown(stand)["lines"]] == ["Eggs"]
        cart = made(put(stand, "Eggs", 4, group_buy=stand.group_buy), 200)
        assert [line["title"] for line in cart["lines"]] == ["Strawberries", "Eggs"]

    def test_it_shows_a_cart_in_a_constant_number_of_statements(
        self, stand: Stand, count_statements: Any
    ) -> None:
        counts = []
        for title in ("Eggs", "Strawberries"):
            put(stand, title, 1, group_buy=stand.group_buy)
            with count_statements() as statements:
                shown(stand, group_buy_id=stand.group_buy)
            with count_statements() as listing:
                made(stand.api.shopper("bo").get("/carts"), 200)
            counts.append((len(statements), len(listing)))
        assert counts[0] == counts[1]
        assert counts[0] <= (8, 5)

    def test_it_forgets_what_nobody_touched_for_long(self, stand: Stand) -> None:
        put(stand, "Eggs", 2)
        stand.api.clock.advance(days=45)
        put(stand, "Eggs", 2, name="zed")
        stand.api.clock.advance(days=45, seconds=1)
        forget_carts()
        assert len(session().scalars(select(Cart)).all()) == 1
        assert len(shown(stand, "zed")["lines"]) == 1


@pytest.mark.committed
def test_it_never_has_more_lines_than_fit_however_many_come_at_once(
    app: Flask, stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(carts, "MAX_LINES", 1)
    bo = stand.api.shopper("bo").id

    def putting(title: str) -> Any:
        return lambda: carts.put(
            shopper_id=bo,
            group_buy_id=None,
            sku_id=stand.skus[title],
            quantity=1,
            now=clock.now() + timedelta(seconds=1),
        )

    results = at_once(app, [putting("Eggs"), putting("Strawberries")] * 2)
    assert sum(isinstance(result, CartFull) for result in results) >= 1
    assert len(session().scalars(select(CartLine)).all()) == 1
