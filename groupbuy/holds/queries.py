"""Reads of holds."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, Subquery, and_, func, select, tuple_

from groupbuy.holds.kinds.interface import Kind
from groupbuy.holds.kinds.registry import KINDS
from groupbuy.holds.models import CommissionHold, HoldRule
from groupbuy.holds.rules import HoldState, Stream
from groupbuy.kernel.books import Invariant
from groupbuy.kernel.db import session
from groupbuy.kernel.pagination import Page, paginate
from groupbuy.kernel.problems import NotFound
from groupbuy.orders.models import Order, OrderRefund


def holds_at(cutoff: datetime) -> Subquery:
    """Return what is held and rejected as of an instant: `order_id, held, rejected, rejected_at`.

    An order is held when a hold was placed before the instant and not decided before it, and
    rejected when one was rejected before it, first at `rejected_at`; it can be both. Orders
    without a hold do not occur. Holds are never taken away and a decision never changes, so the
    same instant always gives the same rows, however much later it is asked about.
    """
    hold = CommissionHold
    rejected = and_(hold.state == HoldState.REJECTED, hold.decided_at < cutoff)
    held = and_(hold.placed_at < cutoff, func.coalesce(hold.decided_at >= cutoff, True))
    return (
        select(
            hold.order_id,
            func.bool_or(held).label("held"),
            func.bool_or(func.coalesce(rejected, False)).label("rejected"),
            func.min(hold.decided_at).filter(rejected).label("rejected_at"),
        )
        .where(hold.placed_at < cutoff)
        .group_by(hold.order_id)
        .subquery("holds_at")
    )


def hold(hold_id: str) -> CommissionHold:
    """Return a hold as it is now, or raise NotFound."""
    found = session().get(CommissionHold, hold_id, populate_existing=True)
    if found is None:
        raise NotFound
    return found


def hold_list(
    *,
    limit: int,
    cursor: str | None,
    state: str | None = None,
    rule: str | None = None,
    leader: str | None = None,
    order: str | None = None,
) -> Page[CommissionHold]:
    """Return holds, the newest first; `leader` is whose the order was when it was held."""
    wanted = {
        CommissionHold.state: state,
        CommissionHold.rule: rule,
        CommissionHold.leader_id: leader,
        CommissionHold.order_id: order,
    }
    query = select(CommissionHold)
    for column, value in wanted.items():
        if value is not None:
            query = query.where(column == value)
    return _newest(query, limit, cursor)


def own_holds(
    *, leader_id: str, limit: int, cursor: str | None, state: str | None = None
) -> Page[CommissionHold]:
    """Return the holds of orders that are a leader's now, the newest first."""
    query = select(CommissionHold).join(Order, Order.id == CommissionHold.order_id)
    query = query.where(Order.leader_id == leader_id)
    if state is not None:
        query = query.where(CommissionHold.state == state)
    return _newest(query, limit, cursor)


def _newest(query: Select[CommissionHold], limit: int, cursor: str | None) -> Page[CommissionHold]:
    return paginate(query, by=[CommissionHold.id], limit=limit, cursor=cursor, descending=True)


@dataclass(frozen=True, slots=True)
class RuleView:
    """A rule as it is set: by headquarters, or by its file, then `version` is 0."""

    kind: Kind
    enabled: bool
    score: int
    parameters: dict[str, int]
    edited_by: str | None
    edited_at: datetime | None
    version: int

    @property
    def numbers(self) -> list[dict[str, Any]]:
        """Return the parameters with what they mean and may be."""
        return [
            {
                "name": name,
                "meaning": parameter.meaning,
                "value": self.parameters[name],
                "minimum": parameter.minimum,
                "maximum": parameter.maximum,
            }
            for name, parameter in self.kind.parameters.items()
        ]


def rule_views() -> list[RuleView]:
    """Return every rule as it is set, in one statement."""
    changed = {row.rule: row for row in session().scalars(select(HoldRule))}
    return [as_set(kind, changed.get(name)) for name, kind in KINDS.items()]


def rule_view(name: str) -> RuleView:
    """Return a rule as it is set, or raise NotFound."""
    return as_set(kind_named(name), session().get(HoldRule, name, populate_existing=True))


def kind_named(name: str) -> Kind:
    """Return a rule of the registry, or raise NotFound."""
    if name not in KINDS:
        raise NotFound
    return KINDS[name]


def as_set(kind: Kind, row: HoldRule | None) -> RuleView:
    """Lay what headquarters changed over what a rule's file says."""
    if row is None:
        return RuleView(kind, True, kind.threshold, kind.defaults, None, None, 0)
    parameters = {**kind.defaults, **row.parameters}
    return RuleView(
        kind, row.enabled, row.score, parameters, row.edited_by, row.edited_at, row.version
    )


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a stream: what happened, and which order it was about."""

    at: datetime
    id: str
    order_id: str


def places(
    stream: Stream, *, after: tuple[datetime, str], until: datetime, limit: int
) -> Sequence[Place]:
    """Return what happened in a stream behind a place and up to an instant, oldest first."""
    row, at, order_id = _stream(stream)
    query = (
        select(at, row.id, order_id)
        .where(tuple_(at, row.id) > tuple_(*after, types=[at.type, row.id.type]), at <= until)
        .order_by(at, row.id)
        .limit(limit)
    )
    return [Place(*found) for found in session().execute(query)]


def how_many(stream: Stream, *, since: datetime, until: datetime) -> int:
    """Return how much happened in a stream from an instant up to another."""
    row, at, _ = _stream(stream)
    query = select(func.count()).select_from(row).where(at >= since, at <= until)
    return session().scalar(query) or 0


def _stream(stream: Stream) -> tuple[Any, Any, Any]:
    """Return a stream's table, when a row of it happened, and which order it is about.

    Only a refund that succeeded changed anything; one that failed is looked at in vain.
    """
    if stream is Stream.PAID:
        return Order, Order.paid_at, Order.id
    return OrderRefund, OrderRefund.settled_at, OrderRefund.order_id


INVARIANTS = (
    Invariant(
        "holds.decided_by_someone",
        "whoever decided about a hold said so, when and why",
        "select id, state from commission_holds where (state = 'held') <> "
        "(decided_at is null and decided_by is null and reason = '') or state <> 'held' "
        "and (decided_at is null or decided_by is null or reason = '')",
    ),
    Invariant(
        "holds.one_open_per_rule",
        "an order is held at most once by each rule",
        "select order_id, rule, count(*) from commission_holds where state = 'held' "
        "group by order_id, rule having count(*) > 1",
    ),
    Invariant(
        "holds.of_paid_orders",
        "only orders that were paid are held",
        "select h.id, h.order_id from commission_holds h join orders o on o.id = h.order_id "
        "where o.paid_at is null",
    ),
)
