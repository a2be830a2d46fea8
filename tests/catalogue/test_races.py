"""Edits of the tree that meet: own connections, interleaving forced."""

from typing import Any

import pytest
from flask import Flask

from groupbuy.catalogue import services
from groupbuy.catalogue.errors import CategoryCycle, CategoryNotEmpty
from groupbuy.catalogue.models import Category, Product
from groupbuy.kernel import clock
from groupbuy.kernel.access import SYSTEM
from groupbuy.kernel.problems import InvalidInput
from tests.factories import catalogue as make
from tests.inventory.rivals import second_waits_for_first

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
