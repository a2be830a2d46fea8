"""The sales of a month, streamed: what settlement reads a million times, so it is plain SQL."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from sqlalchemy import select, text

from groupbuy.commissions.models import PlanVersion
from groupbuy.commissions.rules.calculation import Line
from groupbuy.commissions.rules.terms import (
    Earning,
    Exclude,
    PlanTerms,
    earning,
)
from groupbuy.kernel.db import session
from groupbuy.leaders.models import Leader
from groupbuy.settlement.models import SettlementPeriod

_SOLD = "l.base_fen, l.quantity, l.completed_at, l.order_line_id"
_WITHIN = "l.completed_at >= :starts_at and l.completed_at < :ends_at"


def _terms(of: str, transfer: str) -> str:
    """Return SQL for the terms of a line in one text, the same for many lines."""
    version = f"coalesce(replace({of}.plan_version_id::text, '-', ''), '')"
    rates = f"coalesce({of}.rate_bps::text, ''), coalesce({of}.flat_fen_per_unit::text, '')"
    rest = f"{of}.counts::int, {of}.multiplier_bps, {transfer}"
    return f"concat_ws(',', {version}, {of}.kind, {rates}, {rest})"


SALES = text(f"""
with moved as (
    select distinct on (commission_line_id) * from commission_transfers
    where recorded_at < :cutoff_at order by commission_line_id, revision desc
), sold as (
    select l.leader_id, l.id, {_terms("l", "''")} as terms, {_SOLD}
    from commission_lines l
    where l.leader_id > :after and l.leader_id <= :until and {_WITHIN}
        and not exists (select from moved m where m.commission_line_id = l.id)
    union all
    select m.leader_id, l.id, {_terms("m", "m.id")}, {_SOLD}
    from moved m join commission_lines l on l.id = m.commission_line_id
    where m.leader_id > :after and m.leader_id <= :until and {_WITHIN}
), back as (
    select commission_line_id, sum(amount_fen) as fen, sum(quantity) as units
    from commission_refunds where recorded_at < :cutoff_at group by commission_line_id
)
select 'ldr_' || replace(s.leader_id::text, '-', ''), string_agg(
    concat_ws(
        ';', s.id, s.terms, s.base_fen - coalesce(b.fen, 0), s.quantity - coalesce(b.units, 0)
    ),
    chr(10) order by s.completed_at, s.order_line_id
)
from sold s left join back b on b.commission_line_id = s.id
group by s.leader_id order by s.leader_id
""")
"""Leader by leader one text, its lines in the order in which they fill the tiers: net of the
refunds before the cutoff, under the terms of whoever they belong to by then."""


class SaleTerms(NamedTuple):
    """The terms of a line, read once for all lines that share them."""

    earning: Earning
    multiplier_bps: int
    counts: bool
    plan_version_id: str
    transfer_id: str


class SalesOfLeader(NamedTuple):
    """A leader's sales of a month, the text that they were read from, and what each line is.

    `line_ids` and `transfer_ids` are as the database writes them, '' for none.
    """

    leader_id: str
    read: str
    lines: list[Line]
    line_ids: list[str]
    transfer_ids: list[str]
    suspicious: list[bool]
    version_ids: frozenset[str]


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
    known: dict[str, SaleTerms] = {}
    rows = session().execute(
        SALES,
        {
            "starts_at": period.starts_at,
            "ends_at": period.ends_at,
            "cutoff_at": period.cutoff_at,
            "after": after.partition("_")[2],
            "until": until.partition("_")[2],
        },
    )
    for leader_id, read in rows:
        yield _read(leader_id, read, plans, known, forfeited)


def _read(
    leader_id: str,
    read: str,
    plans: Mapping[str, PlanTerms],
    known: dict[str, SaleTerms],
    forfeited: frozenset[str],
) -> SalesOfLeader:
    lines, ids, transfers, suspicious, versions = [], [], [], [], set()
    for row in read.split("\n"):
        line_id, written, base_fen, quantity = row.split(";")
        terms = known.get(written)
        if terms is None:
            terms = known[written] = _parsed(written, plans)
        how = terms.earning
        improper = bool(forfeited) and f"cml_{line_id.replace('-', '')}" in forfeited
        if improper:
            how = Exclude()
        elif not isinstance(how, Exclude):
            versions.add(terms.plan_version_id)
        lines.append(
            Line("", None, int(base_fen), int(quantity), how, terms.multiplier_bps, terms.counts)
        )
        ids.append(line_id)
        transfers.append(terms.transfer_id)
        suspicious.append(improper)
    return SalesOfLeader(leader_id, read, lines, ids, transfers, suspicious, frozenset(versions))


def _parsed(written: str, plans: Mapping[str, PlanTerms]) -> SaleTerms:
    version, kind, rate_bps, flat_fen, counts, multiplier_bps, transfer_id = written.split(",")
    version_id = f"plv_{version}"
    plan = plans.get(version_id)
    how = earning(
        kind,
        table=plan.table if plan else None,
        rate_bps=int(rate_bps) if rate_bps else None,
        flat_fen_per_unit=int(flat_fen) if flat_fen else None,
    )
    return SaleTerms(how, int(multiplier_bps), counts == "1", version_id, transfer_id)


FIRST_LEADER = "ldr_" + "0" * 32
"""Comes before every leader's id."""


def next_leaders(*, after: str, limit: int) -> tuple[str, int] | None:
    """Return the id of the last of the next leaders, and how many they are; None at the end."""
    query = select(Leader.id).where(Leader.id > after).order_by(Leader.id).limit(limit)
    ids = session().scalars(query).all()
    return (ids[-1], len(ids)) if ids else None


def plan_terms() -> dict[str, PlanTerms]:
    """Return the terms of every published plan version."""
    published = session().scalars(select(PlanVersion).where(PlanVersion.state == "published"))
    return {version.id: version.terms for version in published}
