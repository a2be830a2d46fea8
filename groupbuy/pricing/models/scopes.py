"""The columns that say what goods, and sold where, a promotion or a coupon is about."""

from typing import Any

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from groupbuy.kernel.db import DatabaseRule, one_of
from groupbuy.kernel.ids import reference
from groupbuy.kernel.texts import Text
from groupbuy.pricing.rules.scopes import Goods, Place, Scope


class Scoped:
    """A title in two languages, and a scope: mixed into a table."""

    title_zh: Mapped[str]
    title_en: Mapped[str]
    goods: Mapped[str] = mapped_column(default=Goods.ALL)
    goods_ids: Mapped[list[Any]] = mapped_column(default=list)
    place: Mapped[str] = mapped_column(default=Place.EVERYWHERE)

    @declared_attr
    def campaign_id(cls) -> Mapped[str | None]:
        """Return the column of the one campaign."""
        return reference("cmp", "campaigns.id")

    @property
    def title(self) -> Text:
        """Return the title in both languages."""
        return Text(self.title_zh, self.title_en)

    @property
    def scope(self) -> Scope:
        """Return what the rules look at."""
        return Scope(self.goods, frozenset(self.goods_ids), self.place, self.campaign_id)


def scope_checks() -> tuple[CheckConstraint, ...]:
    """Return the constraints of a scope's columns."""
    return (
        one_of("goods", Goods),
        one_of("place", Place),
        CheckConstraint("(goods = 'all') = (goods_ids = '[]'::jsonb)", name="goods_named"),
        CheckConstraint("(place = 'campaign') = (campaign_id is not null)", name="campaign_named"),
    )


def stays_once_published(table: str, *, but: str) -> DatabaseRule:
    """Return the rule that what was published is never edited: only `but`'s columns may move."""
    may_move = "array[" + ", ".join(f"'{column}'" for column in but.split()) + "]"
    return DatabaseRule(
        table,
        f"{table}_published_stay",
        "before update",
        f"""\
    if old.state <> 'draft'
        and (to_jsonb(new) - {may_move}) is distinct from (to_jsonb(old) - {may_move}) then
        raise exception 'what was published in {table} is never edited'
            using errcode = 'restrict_violation';
    end if;
    return new;""",
    )
