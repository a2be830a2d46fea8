"""Edits of the tree that meet: own connections, interleaving forced."""

from typing import Any

import pytest
from flask import Flask

from groupbuy.catalogue import services
from groupbuy.catalogue.errors import (
    CategoryCycle,
    CategoryNotEmpty,
    CategoryTooDeep,
    SkuNotDistinct,
)
from groupbuy.catalogue.models import Category, Product, Sku
from groupbuy.kernel import clock
from groupbuy.kernel.access import SYSTEM
from groupbuy.kernel.db import session
from groupbuy.kernel.problems import InvalidInput
from tests.client import Api
from tests.factories import catalogue as make
from tests.rivals import second_waits_for_first

pytestmark = pytest.mark.committed


def move_below(moved: Category, parent: Category) -> Any:
    return services.edit_category(
        category_id=moved.id, if_match=1, actor=SYSTEM, now=clock.now(), parent_id=parent.id
    )


def delete(category: Category) -> Any:
    return services.delete_category(
        category_id=category.id, if_match=1, actor=SYSTEM, now=clock.now()
    )


def fill(category: Category) -> Any:
    return services.create_product(
        category_id=category.id, title="Plums", actor=SYSTEM, now=clock.now()
    )


class TestTree:
    def test_it_never_closes_a_circle_by_two_moves_at_once(self, app: Flask) -> None:
        one, other = make.category("Food"), make.category("Fruit")
        first, second = second_waits_for_first(
            app, lambda: move_below(one, other), lambda: move_below(other, one)
        )
        assert isinstance(first, Category)
        assert isinstance(second, CategoryCycle)

    def test_it_keeps_a_category_that_is_just_being_filled(self, app: Flask) -> None:
        category = make.category()
        first, second = second_waits_for_first(
            app, lambda: fill(category), lambda: delete(category)
        )
        assert isinstance(first, Product)
        assert isinstance(second, CategoryNotEmpty)

    def test_it_does_not_fill_a_category_that_is_just_being_deleted(self, app: Flask) -> None:
        category = make.category()
        first, second = second_waits_for_first(
            app, lambda: delete(category), lambda: fill(category)
        )
        assert first is None
        assert isinstance(second, InvalidInput)

    def test_it_never_goes_too_deep_by_a_move_and_a_new_leaf_at_once(self, app: Flask) -> None:
        line = [make.category("1")]
        for level in ("2", "3"):
            line.append(make.category(level, parent=line[-1]))
        top = make.category("A")
        below = make.category("B", parent=top)

        def grow() -> Any:
            return services.create_category(
                name="C", parent_id=below.id, actor=SYSTEM, now=clock.now()
            )

        first, second = second_waits_for_first(app, lambda: move_below(top, line[-1]), grow)
        assert isinstance(first, Category)
        assert isinstance(second, CategoryTooDeep)


class TestSkus:
    def test_it_never_has_the_same_sku_twice(self, app: Flask) -> None:
        product = make.product()

        def add() -> Any:
            return services.create_sku(
                product_id=product.id,
                price_fen=100,
                options={"weight": "500 g"},
                actor=SYSTEM,
                now=clock.now(),
            )

        first, second = second_waits_for_first(app, add, add)
        assert isinstance(first, Sku)
        assert isinstance(second, SkuNotDistinct)

    def test_it_never_wakes_two_of_a_kind(self, app: Flask) -> None:
        product = make.product()
        idle = [make.sku(product, name="Box", active=False) for _ in range(2)]

        def wake(sku: Sku) -> Any:
            return services.edit_sku(
                sku_id=sku.id, if_match=1, actor=SYSTEM, now=clock.now(), active=True
            )

        first, second = second_waits_for_first(app, lambda: wake(idle[0]), lambda: wake(idle[1]))
        assert isinstance(first, Sku)
        assert isinstance(second, SkuNotDistinct)


class TestSearch:
    def rename_category(self, category: Category) -> Any:
        return services.edit_category(
            category_id=category.id, if_match=1, actor=SYSTEM, now=clock.now(), name="Groceries"
        )

    def rename_product(self, product: Product) -> Any:
        return services.edit_product(
            product_id=product.id,
            if_match=product.version,
            actor=SYSTEM,
            now=clock.now(),
            title="Pears",
        )

    @pytest.mark.parametrize("category_first", [True, False])
    def test_it_finds_by_both_names_that_were_changed_at_once(
        self, app: Flask, api: Api, category_first: bool
    ) -> None:
        food = make.category("Food")
        product = make.product("Plums", within=food)
        make.sku(product)
        works = [lambda: self.rename_category(food), lambda: self.rename_product(product)]
        first, second = works if category_first else reversed(works)
        results = second_waits_for_first(app, first, second)
        assert {type(result) for result in results} == {Category, Product}
        for q, found in (("pears groceries", 1), ("plums", 0), ("food", 0)):
            assert len(api.anonymous.get("/products", q=q).json["items"]) == found, q

    def test_it_knows_the_lowest_of_two_prices_that_were_changed_at_once(self, app: Flask) -> None:
        product = make.product()
        one = make.sku(product, name="Small", price_fen=500)
        other = make.sku(product, name="Large", price_fen=900)

        def price(sku: Sku, price_fen: int) -> Any:
            return services.edit_sku(
                sku_id=sku.id, if_match=1, actor=SYSTEM, now=clock.now(), price_fen=price_fen
            )

        second_waits_for_first(app, lambda: price(one, 800), lambda: price(other, 700))
        session().expire_all()
        found = session().get(Product, product.id)
        assert found is not None
        assert found.lowest_price_fen == 700


class TestVersions:
    def test_it_refuses_the_edit_that_was_overtaken_after_its_version_was_checked(
        self, app: Flask, api: Api
    ) -> None:
        sku, hua = make.sku(), api.staff("operator", "hua")

        def cheaper() -> Any:
            return services.edit_sku(
                sku_id=sku.id, if_match=1, actor=SYSTEM, now=clock.now(), price_fen=1790
            )

        def dearer() -> Any:
            with app.app_context():
                return hua.patch(f"/hq/skus/{sku.id}", {"price_fen": 2190}, if_match=1)

        _, answer = second_waits_for_first(app, cheaper, dearer)
        assert (answer.status_code, answer.json["code"]) == (412, "stale-version")
        session().expire_all()
        assert hua.get(f"/hq/skus/{sku.id}").json["price_fen"] == 1790
