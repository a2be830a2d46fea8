"""Editing SKUs: their options, their prices with the history, their stock flag."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from groupbuy.catalogue import queries
from groupbuy.catalogue.errors import BarcodeTaken, OptionNamesDiffer, SkuNotDistinct
from groupbuy.catalogue.models import Sku, SkuPrice
from groupbuy.catalogue.rules import PriceKind
from groupbuy.catalogue.services.editing import assign, lock_product, record_edit, refuse_stale
from groupbuy.catalogue.services.indexing import refresh
from groupbuy.kernel import audit
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import session
from groupbuy.kernel.problems import InvalidInput
from groupbuy.kernel.texts import Text


def create_sku(
    *,
    product_id: str,
    price_fen: int,
    name: str = "",
    options: Mapping[str, str] | None = None,
    barcode: str | None = None,
    list_price_fen: int | None = None,
    member_price_fen: int | None = None,
    cost_fen: int | None = None,
    weight_g: int | None = None,
    min_quantity: int = 1,
    per_shopper_max: int | None = None,
    active: bool = True,
    actor: Actor,
    now: datetime,
) -> Sku:
    """Add a SKU to a product.

    Raises:
        InvalidInput: there is no such product, or prices or quantities are out of order.
        BarcodeTaken: another SKU has the barcode.
        SkuNotDistinct, OptionNamesDiffer: its options do not fit the product's other SKUs.
    """
    if lock_product(product_id) is None:
        raise InvalidInput.at("/product_id", Text("没有这个商品。", "There is no such product."))
    sku = Sku(
        product_id=product_id,
        name=name,
        options=dict(options or {}),
        barcode=barcode,
        price_fen=price_fen,
        list_price_fen=list_price_fen,
        member_price_fen=member_price_fen,
        cost_fen=cost_fen,
        weight_g=weight_g,
        min_quantity=min_quantity,
        per_shopper_max=per_shopper_max,
        active=active,
    )
    _check(sku)
    if active:
        _refuse_unlike(sku)
    with coded_once():
        session().add(sku)
    keep_prices(sku, before={}, actor=actor, now=now)
    refresh(product_ids=[product_id])
    audit.record(actor=actor, action="sku.create", subject=sku.id, now=now, price_fen=price_fen)
    return sku


def edit_sku(*, sku_id: str, if_match: int, actor: Actor, now: datetime, **changes: Any) -> Sku:
    """Change a SKU; `active: false` takes it from sale.

    Raises:
        InvalidInput: prices or quantities are out of order.
        BarcodeTaken: another SKU has the barcode.
        SkuNotDistinct, OptionNamesDiffer: its options do not fit the product's other SKUs.
        StaleVersion: it changed since it was read.
    """
    sku = queries.sku(sku_id)
    refuse_stale(sku, if_match=if_match)
    lock_product(sku.product_id)
    before = {kind: getattr(sku, kind.column) for kind in PriceKind}
    with coded_once():
        assign(sku, changes=changes)
        _check(sku)
        if sku.active and _DISTINCTION & changes.keys():
            _refuse_unlike(sku)
    keep_prices(sku, before=before, actor=actor, now=now)
    refresh(product_ids=[sku.product_id])
    record_edit(sku, changes=changes, action="sku.edit", actor=actor, now=now)
    return sku


def record_availability(*, in_stock: Mapping[str, bool]) -> None:
    """Note which SKUs came into or ran out of stock: inventory's push, no edit of staff's.

    The version stays as it is, so that selling out does not spoil an edit in progress.
    """
    for value in (True, False):
        sku_ids = [sku_id for sku_id, available in in_stock.items() if available is value]
        if sku_ids:
            session().execute(update(Sku).where(Sku.id.in_(sku_ids)).values(in_stock=value))


@contextmanager
def coded_once() -> Iterator[None]:
    """Write SKUs here: a barcode that somebody else took meanwhile raises BarcodeTaken."""
    try:
        with session().begin_nested():
            yield
    except IntegrityError as error:
        raise BarcodeTaken from error


def _check(sku: Sku) -> None:
    """Check what PostgreSQL would refuse too, with less to say about it."""
    if sku.list_price_fen is not None and sku.list_price_fen < sku.price_fen:
        raise InvalidInput.at("/list_price_fen", _LIST_PRICE)
    if sku.member_price_fen is not None and sku.member_price_fen > sku.price_fen:
        raise InvalidInput.at("/member_price_fen", _MEMBER_PRICE)
    if sku.per_shopper_max is not None and sku.per_shopper_max < sku.min_quantity:
        raise InvalidInput.at("/per_shopper_max", _QUANTITIES)


def _refuse_unlike(sku: Sku) -> None:
    """Hold a SKU's options against those of its product, which is locked, so nobody adds one."""
    other = queries.nearest_sibling(sku)
    if other is None:
        return
    if other.options.keys() != sku.options.keys():
        raise OptionNamesDiffer(names=", ".join(sorted(other.options)) or "–")
    if other.options == sku.options and (sku.options or other.name == sku.name):
        raise SkuNotDistinct(sku_id=other.id)


def keep_prices(
    sku: Sku, *, before: Mapping[PriceKind, int | None], actor: Actor, now: datetime
) -> None:
    """Leave a row for each price that is another one now."""
    for kind in PriceKind:
        old_fen, new_fen = before.get(kind), getattr(sku, kind.column)
        if old_fen != new_fen:
            session().add(
                SkuPrice(
                    sku_id=sku.id,
                    kind=kind,
                    old_fen=old_fen,
                    new_fen=new_fen,
                    changed_at=now,
                    changed_by=actor.label,
                )
            )


_DISTINCTION = {"options", "name", "active"}
"""What tells the SKUs of a product apart."""

_LIST_PRICE = Text("划线价不能低于售价。", "The list price must not be below the price.")
_MEMBER_PRICE = Text("会员价不能高于售价。", "The member price must not be above the price.")
_QUANTITIES = Text(
    "每人限购不能低于起购数量。", "The most per shopper must not be below the least per order."
)
