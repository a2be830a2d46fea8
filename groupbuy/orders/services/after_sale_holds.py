"""What an open after-sale holds of an order's lines: nobody else can refund that."""

from sqlalchemy import ColumnElement, func, update

from groupbuy.kernel.db import session
from groupbuy.orders.models import AfterSale, AfterSaleLine, OrderLine
from groupbuy.orders.services.refunding import Return, amount_wanted, exceeds

_FEN = func.coalesce(AfterSaleLine.approved_fen, AfterSaleLine.amount_fen)
_UNITS = func.coalesce(AfterSaleLine.approved_quantity, AfterSaleLine.quantity)


def hold_line(*, line: OrderLine, wanted: Return) -> AfterSaleLine:
    """Hold a part of a line by a conditional UPDATE, so that no two ask for the same.

    Raises:
        RefundExceedsLine: more than is left of it.
    """
    units, amount_fen = wanted.quantity or 0, amount_wanted(line=line, wanted=wanted)
    held_fen, held_quantity = OrderLine.held_fen + amount_fen, OrderLine.held_quantity + units
    statement = (
        update(OrderLine)
        .where(
            OrderLine.id == line.id,
            OrderLine.refund_requested_fen + held_fen <= OrderLine.amount_fen,
            OrderLine.returned_quantity + held_quantity <= OrderLine.quantity,
        )
        .values(held_fen=held_fen, held_quantity=held_quantity)
        .returning(OrderLine.id)
        .execution_options(synchronize_session="fetch")
    )
    if amount_fen <= 0 or session().execute(statement).one_or_none() is None:
        raise exceeds(line=line)
    return AfterSaleLine(order_line_id=line.id, quantity=units, amount_fen=amount_fen)


def hold(after_sale: AfterSale) -> None:
    """Hold what an after-sale is about: what was approved, or else what was asked for."""
    _change(
        after_sale,
        held_fen=OrderLine.held_fen + _FEN,
        held_quantity=OrderLine.held_quantity + _UNITS,
    )


def let_go(after_sale: AfterSale) -> None:
    """Let go what an after-sale holds."""
    _change(
        after_sale,
        held_fen=OrderLine.held_fen - _FEN,
        held_quantity=OrderLine.held_quantity - _UNITS,
    )


def _change(after_sale: AfterSale, **changes: ColumnElement[int]) -> None:
    session().flush()
    session().execute(
        update(OrderLine)
        .where(
            OrderLine.id == AfterSaleLine.order_line_id,
            AfterSaleLine.after_sale_id == after_sale.id,
        )
        .values(**changes)
        .execution_options(synchronize_session="fetch")
    )
