"""Edits of the tree that meet: own connections, interleaving forced."""

from typing import Any

import pytest
from flask import Flask

from groupbuy.catalogue import services
from groupbuy.catalogue.errors import CategoryCycle, CategoryNotEmpty
from groupbuy.catalogue.models import Category, Product
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
