"""Lines through the category tree: down from a category, and up to its root."""

from sqlalchemy import CTE, BindParameter, Select, func, literal, select
from sqlalchemy.orm import aliased

from groupbuy.catalogue.models import Category
from groupbuy.kernel.db import session


def subtree(category_id: str | BindParameter[str]) -> Select[str]:
    """Select the ids of a category and of all below it."""
    return select(_below(category_id).c.id)


def levels_below(category_id: str) -> dict[str, int]:
    """Return a category and all below it, each with its level: 1 is the category itself."""
    line = _below(category_id)
    return {row.id: row.level for row in session().execute(select(line.c.id, line.c.level))}


def depth_of(category_id: str) -> int:
    """Return on which level of the tree a category is; a root is on the first."""
    line = ancestry(select(Category.id).where(Category.id == category_id))
    return session().scalar(select(func.count()).select_from(line)) or 0


def ancestry(category_ids: Select[str]) -> CTE:
    """Return rows (origin, id, distance): each category's line up to its root."""
    line = (
        select(
            Category.id.label("origin"),
            Category.id,
            Category.parent_id,
            literal(0).label("distance"),
        )
        .where(Category.id.in_(category_ids))
        .cte("ancestry", recursive=True)
    )
    above = aliased(Category)
    return line.union_all(
        select(line.c.origin, above.id, above.parent_id, line.c.distance + 1).join(
            line, above.id == line.c.parent_id
        )
    )


def _below(category_id: str | BindParameter[str]) -> CTE:
    line = (
        select(Category.id, literal(1).label("level"))
        .where(Category.id == category_id)
        .cte("subtree", recursive=True)
    )
    below = aliased(Category)
    return line.union_all(
        select(below.id, line.c.level + 1).join(line, below.parent_id == line.c.id)
    )
