"""The sales of a month, streamed: what settlement reads a million times, so it is plain SQL."""

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import NamedTuple

from sqlalchemy import select

from groupbuy.commissions.models import PlanVersion
from groupbuy.commissions.rules.calculation import Line
from groupbuy.commissions.rules.terms import Earning, Exclude, PlanTerms, earning
from groupbuy.kernel.db import copy_out, session
from groupbuy.leaders.models import Leader
from groupbuy.settlement.models import SettlementPeriod

_TERMS = "plan_version_id, {0}.kind, {0}.rate_bps, {0}.flat_fen_per_unit, {0}.counts::int, "
_TERMS += "{0}.multiplier_bps"
_SOLD = "l.base_fen, l.quantity, l.completed_at, l.order_line_id"
_WITHIN = "l.completed_at >= %(starts_at)s and l.completed_at < %(ends_at)s"

SALES = f"""
copy (
    with moved as (
        select distinct on (commission_line_id) * from commission_transfers
        where recorded_at < %(cutoff_at)s order by commission_line_id, revision desc
    ), sold as (
        select l.leader_id, l.id, null::uuid as transfer_id, l.{_TERMS.format("l")}, {_SOLD}
        from commission_lines l
        where l.leader_id > %(after)s and l.leader_id <= %(until)s and {_WITHIN}
            and not exists (select from moved m where m.commission_line_id = l.id)
        union all
        select m.leader_id, l.id, m.id, m.{_TERMS.format("m")}, {_SOLD}
        from moved m join commission_lines l on l.id = m.commission_line_id
        where m.leader_id > %(after)s and m.leader_id <= %(until)s and {_WITHIN}
    ), back as (
        select commission_line_id, sum(amount_fen) as fen, sum(quantity) as units
        from commission_refunds where recorded_at < %(cutoff_at)s group by commission_line_id
    )
    select s.leader_id, s.id, s.transfer_id, s.plan_version_id, s.kind, s.rate_bps,
        s.flat_fen_per_unit, s.counts, s.multiplier_bps, s.base_fen - coalesce(b.fen, 0),
        s.quantity - coalesce(b.units, 0), s.completed_at, s.order_line_id
    from sold s left join back b on b.commission_line_id = s.id
    order by s.leader_id, s.completed_at, s.order_line_id
) to stdout
"""
"""Leader by leader in the order in which lines fill the tiers: net of the refunds before the
cutoff, under the terms of whoever they belong to by then."""


class Sale(NamedTuple):
    """A line to be settled: its id and its transfer's as the database writes them, and the line."""

    line_id: bytes
    transfer_id: bytes
    plan_version_id: bytes
    suspicious: bool
    line: Line


class SalesOfLeader(NamedTuple):
    """A leader's sales of a month, and the bytes that they were read from."""

    leader_id: str
    read: bytes
    sales: list[Sale]


def sales(
    period: SettlementPeriod,
    *,
    after: str,
    until: str,
    plans: Mapping[str, PlanTerms],
    forfeited: frozenset[str],
) -> Iterator[SalesOfLeader]:
    """Yield the sales of the leaders with ids in (after, until], in one statement.

    Args:
        period: the month.
        after, until: leaders' ids.
        plans: the terms of every plan version, by id.
        forfeited: ids of commission lines whose orders were found improper before the cutoff.
    """
    earnings: dict[bytes, Earning] = {}
    hexes = {f"{line_id[4:]}" for line_id in forfeited}
    rows = copy_out(
        SALES,
        {
            "starts_at": period.starts_at,
            "ends_at": period.ends_at,
            "cutoff_at": period.cutoff_at,
            "after": _uuid(after),
            "until": _uuid(until),
        },
    )
    parsed = ((row, row.split(b"\t")) for row in rows)
    for leader, own in groupby(parsed, key=lambda pair: pair[1][0]):
        read, found = [], []
        for row, cells in own:
            read.append(row)
            found.append(_sale(cells, plans, earnings, hexes))
        yield SalesOfLeader(f"ldr_{leader.decode().replace('-', '')}", b"".join(read), found)


def _sale(
    cells: list[bytes],
    plans: Mapping[str, PlanTerms],
    earnings: dict[bytes, Earning],
    forfeited: set[str],
) -> Sale:
    (
        _,
        line_id,
        transfer_id,
        version_id,
        kind,
        rate_bps,
        flat_fen,
        counts,
        multiplier_bps,
        base_fen,
        quantity,
        *_,
    ) = cells
    name = b"/".join((version_id, kind, rate_bps, flat_fen))
    found = earnings.get(name)
    if found is None:
        plan = plans.get(f"plv_{version_id.decode().replace('-', '')}")
        found = earnings[name] = earning(
            kind.decode(),
            table=plan.table if plan else None,
            rate_bps=_number(rate_bps),
            flat_fen_per_unit=_number(flat_fen),
        )
    suspicious = bool(forfeited) and line_id.decode().replace("-", "") in forfeited
    line = Line(
        "",
        None,
        int(base_fen),
        int(quantity),
        Exclude() if suspicious else found,
        int(multiplier_bps),
        counts == b"1",
    )
    return Sale(line_id, transfer_id, version_id, suspicious, line)


def _number(cell: bytes) -> int | None:
    return None if cell == b"\\N" else int(cell)


def _uuid(public_id: str) -> str:
    return public_id.partition("_")[2]


FIRST_LEADER = "ldr_" + "0" * 32
"""Comes before every leader's id."""


def next_leaders(*, after: str, limit: int) -> tuple[str, int] | None:
    """Return the id of the last of the next leaders, and how many they are; None at the end."""
    ids = (
        session()
        .scalars(select(Leader.id).where(Leader.id > after).order_by(Leader.id).limit(limit))
        .all()
    )
    return (ids[-1], len(ids)) if ids else None


def plan_terms() -> dict[str, PlanTerms]:
    """Return the terms of every published plan version."""
    published = session().scalars(select(PlanVersion).where(PlanVersion.state == "published"))
    return {version.id: version.terms for version in published}
