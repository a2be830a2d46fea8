"""Whether what a plan's rules are about is in the catalogue."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, Uuid, literal, select, type_coerce, union_all

from groupbuy.catalogue.models import Category, Product, Sku
from groupbuy.commissions.rules.terms import (
    ItemRule,
    TargetKind,
)
from groupbuy.kernel.db import session
from groupbuy.kernel.ids import is_id, to_uuid

CATALOGUE: dict[TargetKind, tuple[str, Any]] = {
    TargetKind.SKU: ("sku", Sku.id),
    TargetKind.PRODUCT: ("prd", Product.id),
    TargetKind.CATEGORY: ("cat", Category.id),
}


def unknown_targets(rules: Sequence[ItemRule]) -> set[ItemRule]:
    """Return the rules whose targets do not exist, in one statement."""
    if not rules:
        return set()
    rows = session().execute(union_all(*(_known(kind, rules) for kind in CATALOGUE)))
    known = {(kind, f"{CATALOGUE[TargetKind(kind)][0]}_{found.hex}") for kind, found in rows}
    return {rule for rule in rules if (rule.target_kind, rule.target_id) not in known}


def _known(kind: TargetKind, rules: Sequence[ItemRule]) -> Select[str, UUID]:
    prefix, column = CATALOGUE[kind]
    plain = type_coerce(column, Uuid())
    wanted = [
        to_uuid(rule.target_id, prefix)
        for rule in rules
        if rule.target_kind is kind and is_id(rule.target_id, prefix)
    ]
    return select(literal(kind.value), plain).where(plain.in_(wanted))
