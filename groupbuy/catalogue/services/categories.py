"""Editing the category tree."""

from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from groupbuy.catalogue import queries
from groupbuy.catalogue.errors import CategoryCycle, CategoryNotEmpty, CategoryTooDeep
from groupbuy.catalogue.models import Category, Product
from groupbuy.catalogue.rules import MAX_DEPTH, Weight, search_vector
from groupbuy.catalogue.services.editing import assign, hold, record_edit, refuse_stale
from groupbuy.catalogue.services.indexing import refresh_all_of
from groupbuy.kernel import audit
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import session


def create_category(
    *, name: str, parent_id: str | None = None, position: int = 0, actor: Actor, now: datetime
) -> Category:
    """Add a category below another, or a root.

    Raises:
        InvalidInput: there is no such parent.
        CategoryTooDeep: the parent is on the lowest level already.
    """
    if parent_id is not None:
        _lock_tree()
        hold(Category, row_id=parent_id, pointer="/parent_id")
        _refuse_depth(queries.depth_of(parent_id) + 1)
    category = Category(name=name, parent_id=parent_id, position=position, search=_words(name))
    session().add(category)
    session().flush()
    audit.record(actor=actor, action="category.create", subject=category.id, now=now, name=name)
    return category


def edit_category(
    *, category_id: str, if_match: int, actor: Actor, now: datetime, **changes: Any
) -> Category:
    """Change name, position or parent; its products are found by the new words.

    Raises:
        CategoryCycle: the new parent is the category itself or below it.
        CategoryTooDeep: what is below it would be too deep.
        InvalidInput: there is no such parent.
        StaleVersion: it changed since it was read.
    """
    category = queries.category(category_id)
    refuse_stale(category, if_match=if_match)
    if changes.get("parent_id") is not None:
        _refuse_misplaced(category_id, changes["parent_id"])
    assign(category, changes=changes)
    if "name" in changes:
        category.search = _words(category.name)
    session().flush()
    if "name" in changes or "parent_id" in changes:
        refresh_all_of(condition=Product.category_id.in_(queries.subtree(category_id)))
    record_edit(category, changes=changes, action="category.edit", actor=actor, now=now)
    return category


def delete_category(*, category_id: str, if_match: int, actor: Actor, now: datetime) -> None:
    """Remove a category that nothing hangs on.

    Raises:
        CategoryNotEmpty: it has products or categories below it.
        StaleVersion: it changed since it was read.
    """
    category = queries.category(category_id)
    refuse_stale(category, if_match=if_match)
    try:
        with session().begin_nested():
            session().delete(category)
    except IntegrityError as error:
        raise CategoryNotEmpty from error
    audit.record(actor=actor, action="category.delete", subject=category_id, now=now)


def _refuse_misplaced(category_id: str, parent_id: str) -> None:
    _lock_tree()
    hold(Category, row_id=parent_id, pointer="/parent_id")
    below = queries.levels_below(category_id)
    if parent_id in below:
        raise CategoryCycle
    _refuse_depth(queries.depth_of(parent_id) + max(below.values()))


def _lock_tree() -> None:
    # Two moves at once could close a circle, or a move and a new leaf go too deep, that neither of
    # them sees: what changes the shape of the tree goes one by one.
    session().execute(text("lock table categories in share row exclusive mode"))


def _refuse_depth(levels: int) -> None:
    if levels > MAX_DEPTH:
        raise CategoryTooDeep(levels=MAX_DEPTH)


def _words(name: str) -> str:
    return search_vector([(Weight.TITLE, name)])
