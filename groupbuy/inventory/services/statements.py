"""What every order asks of its pools, each built once and sent in one piece."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Boolean, ColumnElement, column, text
from sqlalchemy.sql.selectable import TextualSelect

from groupbuy.inventory.models import StockPool

_WANTED = """
with wanted as (
    select * from unnest(
        cast(:pool_ids as uuid[]), cast(:units as bigint[]), cast(:reservation_ids as uuid[])
    ) as w (pool_id, units, reservation_id)
), short as materialized (
    select p.id, p.sku_id from wanted w join stock_pools p on p.id = w.pool_id
    where p.on_hand - p.reserved < w.units * :needed
), locked as materialized (
    select p.id, w.units, w.reservation_id from wanted w join stock_pools p on p.id = w.pool_id
    where not exists (select from short)
    order by p.id for no key update of p
), shifted as (
    update stock_pools p
    set on_hand = p.on_hand + l.units * :on_hand, reserved = p.reserved + l.units * :reserved
    from locked l where p.id = l.id and p.on_hand - p.reserved >= l.units * :needed
    returning p.id, p.sku_id, p.owner, p.on_hand - p.reserved as available,
        l.units, l.reservation_id
)"""
_HELD = """, held as (
    insert into stock_reservations (id, pool_id, order_id, quantity, state, held_at)
    select reservation_id, id, :order_id, units, 'held', :now from shifted
)"""
_OUTCOME = """
select true as done, id, sku_id, owner, available from shifted
union all select false, id, sku_id, '', 0 from short
"""


def _statement(*parts: str, first: Sequence[ColumnElement[Any]] = ()) -> TextualSelect:
    pool = StockPool.__table__.c
    levels: tuple[ColumnElement[Any], ...] = (pool.id, pool.sku_id, pool.owner, column("available"))
    return text("".join(parts)).columns(*first, *levels)


_SETTLED = """
with wanted as (
    update stock_reservations set state = :end, settled_at = :now
    where order_id = :order_id and state = :start returning pool_id, quantity as units
), locked as materialized (
    select p.id, w.units from wanted w join stock_pools p on p.id = w.pool_id
    order by p.id for no key update of p
), shifted as (
    update stock_pools p
    set on_hand = p.on_hand + l.units * :on_hand, reserved = p.reserved + l.units * :reserved
    from locked l where p.id = l.id
    returning p.id, p.sku_id, p.owner, p.on_hand - p.reserved as available, l.units
)"""
_NOTED = """, noted as (
    insert into stock_movements (id, pool_id, kind, delta, reason, actor, reference, recorded_at)
    select uuidv7(), id, :kind, units * :on_hand, '', :actor, :reference, :now from shifted
)"""
_LEVELS = """
select id, sku_id, owner, available, units from shifted
"""


# Once for all pools of an order: what is short as it stands costs no lock and no write; else the
# rows are locked in id order, and the UPDATE looks again at what they have become meanwhile.
_DONE = [column("done", Boolean)]
SHIFT = _statement(_WANTED, _OUTCOME, first=_DONE)
RESERVE = _statement(_WANTED, _HELD, _OUTCOME, first=_DONE)
# Whoever comes second waits for the reservations, and then finds none in the starting state.
SETTLE = _statement(_SETTLED, _LEVELS)
SETTLE_AND_NOTE = _statement(_SETTLED, _NOTED, _LEVELS)
