"""Taking stock from the house for campaigns, and giving back what was not sold.

A campaign has hundreds of items: all of them are moved together, in a handful of statements.
Pools are locked in id order, like everywhere in this room.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, or_, select
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import aliased

from groupbuy.inventory.errors import NotEnoughStock
from groupbuy.inventory.models import HOUSE, MovementKind, StockMovement, StockPool
from groupbuy.inventory.services.stock import level_of, refuse_unknown, tell_catalogue
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import session
from groupbuy.kernel.ids import new_id


@dataclass(frozen=True, slots=True)
class Allotment:
    """Units of a SKU for an owner: a campaign's item, by its id."""

    sku_id: str
    owner: str
    quantity: int


def allot(*, sku_id: str, owner: str, quantity: int, actor: Actor, now: datetime) -> StockPool:
    """Move available stock of one SKU to one owner, and return the owner's pool.

    Raises:
        NotEnoughStock: the house pool has less available.
        InvalidInput: there is no such SKU.
    """
    refuse_unknown(sku_id)
    pools = allot_all(allotments=[Allotment(sku_id, owner, quantity)], actor=actor, now=now)
    return session().get_one(StockPool, pools[owner], populate_existing=True)


def allot_all(*, allotments: Sequence[Allotment], actor: Actor, now: datetime) -> dict[str, str]:
    """Move available stock from the house to each owner, all or nothing: {owner: pool id}.

    Raises:
        NotEnoughStock: the house has less of a SKU than all its owners together ask for.
    """
    demand: Counter[str] = Counter()
    for wanted in allotments:
        demand[wanted.sku_id] += wanted.quantity
    # The house pools come first: they are the older ones, so their ids are the smaller.
    houses = {pool.sku_id: pool for pool in _locked_houses(demand)}
    for sku_id in sorted(demand):
        if sku_id not in houses or houses[sku_id].available < demand[sku_id]:
            raise NotEnoughStock(sku_id=sku_id)
    for sku_id, pool in houses.items():
        pool.on_hand -= demand[sku_id]
    session().flush()
    pools = _add_to_owners(allotments)
    kinds = MovementKind.ALLOTMENT_OUT, MovementKind.ALLOTMENT_IN
    movements = []
    for wanted in allotments:
        sides = (houses[wanted.sku_id].id, -wanted.quantity), (pools[wanted.owner], wanted.quantity)
        for kind, (pool_id, delta) in zip(kinds, sides, strict=True):
            movements.append(_movement(pool_id, kind, delta, wanted.owner))
    _record_all(movements, actor, now)
    tell_catalogue(level_of(pool, change=-demand[sku_id]) for sku_id, pool in houses.items())
    return pools


def return_allotment(*, owner: str, actor: Actor, now: datetime) -> int:
    """Give what is available in all pools of an owner back to the house; return the units."""
    return return_allotments(owners=[owner], actor=actor, now=now)


def return_allotments(*, owners: Sequence[str], actor: Actor, now: datetime) -> int:
    """Give what is available in all pools of some owners back to the house; return the units.

    It may be called again whenever cancelled orders brought something back.
    """
    pools = _locked_pools_of(owners)
    houses = {pool.sku_id: pool for pool in pools if pool.owner == HOUSE}
    returned: Counter[str] = Counter()
    movements = []
    for pool in pools:
        units = pool.available
        if pool.owner == HOUSE or units == 0:
            continue
        returned[pool.sku_id] += units
        pool.on_hand -= units
        house = houses[pool.sku_id]
        movements.append(_movement(pool.id, MovementKind.ALLOTMENT_OUT, -units, pool.owner))
        movements.append(_movement(house.id, MovementKind.ALLOTMENT_IN, units, pool.owner))
    for sku_id, units in returned.items():
        houses[sku_id].on_hand += units
    session().flush()
    _record_all(movements, actor, now)
    tell_catalogue(level_of(houses[sku_id], change=units) for sku_id, units in returned.items())
    return returned.total()


def _locked_houses(sku_ids: Iterable[str]) -> Sequence[StockPool]:
    pools = (
        select(StockPool)
        .where(StockPool.owner == HOUSE, StockPool.sku_id.in_(list(sku_ids)))
        .order_by(StockPool.id)
        .with_for_update(key_share=True)
    )
    return session().scalars(pools, execution_options={"populate_existing": True}).all()


def _locked_pools_of(owners: Sequence[str]) -> Sequence[StockPool]:
    own = aliased(StockPool)
    skus = select(own.sku_id).where(own.owner.in_(owners))
    pools = (
        select(StockPool)
        .where(
            or_(StockPool.owner.in_(owners), StockPool.owner == HOUSE), StockPool.sku_id.in_(skus)
        )
        .order_by(StockPool.id)
        .with_for_update(key_share=True)
    )
    return session().scalars(pools, execution_options={"populate_existing": True}).all()


def _add_to_owners(allotments: Sequence[Allotment]) -> dict[str, str]:
    """Add to every owner's pool in one upsert; one that is not there yet begins with it."""
    if not allotments:
        return {}
    new = postgresql.insert(StockPool).values(
        [
            {
                "id": new_id("pol"),
                "sku_id": wanted.sku_id,
                "owner": wanted.owner,
                "on_hand": wanted.quantity,
                "reserved": 0,
            }
            for wanted in allotments
        ]
    )
    upsert = new.on_conflict_do_update(
        index_elements=["sku_id", "owner"],
        set_={"on_hand": StockPool.on_hand + new.excluded.on_hand},
    ).returning(StockPool.owner, StockPool.id)
    return {owner: pool_id for owner, pool_id in session().execute(upsert)}


def _movement(pool_id: str, kind: MovementKind, delta: int, owner: str) -> dict[str, Any]:
    return {"pool_id": pool_id, "kind": kind, "delta": delta, "reference": owner}


def _record_all(movements: Sequence[dict[str, Any]], actor: Actor, now: datetime) -> None:
    if movements:
        noted = {"actor": actor.label, "recorded_at": now, "reason": ""}
        session().execute(insert(StockMovement), [{**move, **noted} for move in movements])
