"""Ordering from suppliers: what was ordered is fixed, what comes is held against it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select, text

from groupbuy.catalogue import queries as catalogue
from groupbuy.catalogue.models import Product, Sku
from groupbuy.fulfilment import queries
from groupbuy.fulfilment.errors import NothingToBuy
from groupbuy.fulfilment.models import (
    PurchaseClosing,
    PurchaseLine,
    PurchaseOrder,
    PurchaseReceipt,
)
from groupbuy.fulfilment.queries import Bought, PurchaseView
from groupbuy.fulfilment.rules.purchases import Need, PurchaseState
from groupbuy.inventory import services as inventory
from groupbuy.kernel import audit
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import session
from groupbuy.kernel.problems import InvalidInput, NotInThisState
from groupbuy.kernel.texts import Text


def fix_purchase(
    *,
    note: str,
    bought: Bought,
    lines: Sequence[Mapping[str, Any]],
    supersedes_id: str | None,
    actor: Actor,
    now: datetime,
) -> PurchaseView:
    """Fix what is ordered from a supplier, under the next number.

    Args:
        bought: from which supplier, and for which orders it is; beside each line stands what
            they need now. Without a supplier it is for goods that have none.
        lines: `sku_id` and `quantity` each; an empty list takes whatever is to be bought.
        supersedes_id: the order to a supplier that this one replaces.

    Raises:
        NotFound: there is no such supplier, or none to supersede.
        NotInThisState: that one is superseded or closed already.
        NothingToBuy: no line was given and nothing is to be bought.
        InvalidInput: there is no such SKU.
    """
    _one_at_a_time()
    if supersedes_id is not None:
        _standing(supersedes_id, "supersede")
    wanted = {line["sku_id"]: line["quantity"] for line in lines}
    supplier_id = bought.supplier_id
    supplier = catalogue.supplier(supplier_id).name if supplier_id else ""
    needs = {need.sku_id: need for need in queries.all_needs(bought)}
    if not wanted:
        wanted = {
            need.sku_id: need.to_buy
            for need in needs.values()
            if need.to_buy and need.supplier_id == supplier_id
        }
    if not wanted:
        raise NothingToBuy
    number = (session().scalar(select(func.max(PurchaseOrder.number))) or 0) + 1
    order = PurchaseOrder(
        number=number,
        supplier_id=supplier_id,
        supplier=supplier,
        note=note,
        campaign_id=bought.campaign_id,
        paid_from=bought.paid_from,
        paid_until=bought.paid_until,
        storage=bought.storage,
        supersedes_id=supersedes_id,
        fixed_at=now,
        fixed_by=actor.label,
    )
    session().add(order)
    session().flush()
    session().execute(insert(PurchaseLine), _rows(order.id, wanted, needs))
    audit.record(
        actor=actor, action="purchase.fix", subject=order.id, now=now, number=number, units=wanted
    )
    return queries.show_purchases([order])[0]


def receive_purchase(
    *, order_id: str, lines: Sequence[Mapping[str, Any]], note: str, actor: Actor, now: datetime
) -> PurchaseView:
    """Put goods that came for an order to a supplier into the house; more may come than ordered.

    Raises:
        NotFound: there is no such order.
        NotInThisState: it is superseded or closed.
        InvalidInput: a SKU was not ordered with it.
    """
    _one_at_a_time()
    order = _standing(order_id, "receive")
    ordered = {line.sku_id for line in queries.show_purchases([order])[0].lines}
    for number, line in enumerate(lines):
        if line["sku_id"] not in ordered:
            raise InvalidInput.at(
                f"/lines/{number}/sku_id",
                Text("该采购单没有此 SKU。", "This SKU was not ordered with it."),
            )
    for line in sorted(lines, key=lambda line: str(line["sku_id"])):
        movement = inventory.receive(
            sku_id=line["sku_id"],
            quantity=line["quantity"],
            reason=note,
            actor=actor,
            now=now,
            reference=order_id,
        )
        session().add(
            PurchaseReceipt(
                purchase_order_id=order_id,
                sku_id=line["sku_id"],
                quantity=line["quantity"],
                movement_id=movement.id,
                note=note,
                received_at=now,
                received_by=actor.label,
            )
        )
    session().flush()
    return queries.show_purchases([order])[0]


def close_purchase(*, order_id: str, reason: str, actor: Actor, now: datetime) -> PurchaseView:
    """Say that nothing more is to come for an order to a supplier.

    Raises:
        NotFound: there is no such order.
        NotInThisState: it is superseded or closed already.
    """
    _one_at_a_time()
    order = _standing(order_id, "close")
    session().add(
        PurchaseClosing(
            purchase_order_id=order_id, reason=reason, closed_at=now, closed_by=actor.label
        )
    )
    session().flush()
    audit.record(actor=actor, action="purchase.close", subject=order_id, now=now, reason=reason)
    return queries.show_purchases([order])[0]


def _standing(order_id: str, action: str) -> PurchaseOrder:
    order = queries.purchase_order(order_id)
    (view,) = queries.show_purchases([order])
    if view.state != PurchaseState.FIXED:
        raise NotInThisState(state=view.state, action=action)
    return order


def _rows(
    order_id: str, wanted: Mapping[str, int], needs: Mapping[str, Need]
) -> list[dict[str, Any]]:
    """Return the lines as they are written down: with the words and figures of now."""
    known = {
        sku.id: (sku, product)
        for sku, product in session().execute(
            select(Sku, Product)
            .join(Product, Product.id == Sku.product_id)
            .where(Sku.id.in_(list(wanted)))
        )
    }
    stock = queries.on_hand(list(wanted))
    rows = []
    for number, (sku_id, quantity) in enumerate(wanted.items()):
        if sku_id not in known:
            raise InvalidInput.at(
                f"/lines/{number}/sku_id", Text("没有这个 SKU。", "There is no such SKU.")
            )
        sku, product = known[sku_id]
        rows.append(
            {
                "purchase_order_id": order_id,
                "sku_id": sku_id,
                "title": product.title,
                "option": sku.name,
                "storage": product.storage,
                "quantity": quantity,
                "needed": needs[sku_id].needed if sku_id in needs else 0,
                "on_hand": stock.get(sku_id, 0),
                "cost_fen": sku.cost_fen,
            }
        )
    return rows


def _one_at_a_time() -> None:
    """Let purchases be written one after the other: numbers have no gaps, states no rivals."""
    session().execute(text("select pg_advisory_xact_lock(hashtext('fulfilment.purchases'))"))
