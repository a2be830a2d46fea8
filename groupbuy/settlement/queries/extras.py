"""What a month's statements hold beside the lines: recruits, fees, sessions held together."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, cast, func, select, text
from sqlalchemy.dialects.postgresql import distinct_on

from groupbuy.commissions.models import Cohost, ServiceFee
from groupbuy.commissions.rules.monthly import CohostState
from groupbuy.kernel.db import session
from groupbuy.leaders.models import Leader
from groupbuy.settlement.models import Component, SettlementPeriod, Statement
from groupbuy.settlement.rules.statements import ComponentKind


class Person(NamedTuple):
    """What the month's terms and a recruiter's share depend on."""

    leader_id: str
    recruiter_id: str | None
    since: datetime


def people(leader_ids: Collection[str]) -> dict[str, Person]:
    """Return who recruited these leaders and since when they sell."""
    rows = session().execute(
        select(Leader.id, Leader.recruiter_id, Leader.since).where(Leader.id.in_(leader_ids))
    )
    return {row[0]: Person(*row) for row in rows}


def carried_into(month: str) -> dict[str, int]:
    """Return what each leader carries over from the latest settled month before."""
    rows = session().execute(
        text(
            "select 'ldr_' || replace(leader_id::text, '-', ''), carry_out_fen"
            " from settlement_statements where carry_out_fen <> 0 and month = ("
            " select max(month) from settlement_periods"
            " where month < :month and state in ('approved', 'locked'))"
        ),
        {"month": month},
    )
    return {leader_id: fen for leader_id, fen in rows}


class Fees(NamedTuple):
    """Parcels that a leader handed over at one fee."""

    leader_id: str
    plan_version_id: str
    fee_fen: int
    parcels: int


def service_fees(period: SettlementPeriod) -> list[Fees]:
    """Return the parcels handed over in a month, by leader, version and fee."""
    fee = ServiceFee
    rows = session().execute(
        select(fee.leader_id, fee.plan_version_id, fee.fee_fen, func.count())
        .where(fee.completed_at >= period.starts_at, fee.completed_at < period.ends_at)
        .group_by(fee.leader_id, fee.plan_version_id, fee.fee_fen)
        .order_by(fee.leader_id, fee.plan_version_id, fee.fee_fen)
    )
    return [Fees(*row) for row in rows]


def reached_at(period: SettlementPeriod, leader_ids: Collection[str]) -> dict[str, datetime]:
    """Return when each leader's volume of a month was complete: the last line that counts."""
    rows = session().execute(
        text(
            "select 'ldr_' || replace(x.leader_id::text, '-', ''), max(x.completed_at) from ("
            " select case when t.id is null then c.leader_id else t.leader_id end as leader_id,"
            "  c.completed_at"
            " from settlement_lines l join commission_lines c on c.id = l.commission_line_id"
            " left join commission_transfers t on t.id = l.transfer_id"
            " where c.completed_at >= :starts_at and c.completed_at < :ends_at"
            "  and l.base_fen > 0 and l.reason is null and coalesce(t.counts, c.counts)"
            "  and coalesce(t.kind, c.kind) <> 'exclude'"
            "  and (c.leader_id = any(:leaders) or t.leader_id = any(:leaders))"
            ") x group by 1"
        ),
        {
            "starts_at": period.starts_at,
            "ends_at": period.ends_at,
            "leaders": [leader_id[4:] for leader_id in leader_ids],
        },
    )
    return {leader_id: at for leader_id, at in rows}


class PaidOverride(NamedTuple):
    """What a recruiter was last paid for a recruit's month, and what it was a share of."""

    recruiter_id: str
    plan_version_id: str | None
    key: str
    inputs: Mapping[str, Any]


def paid_overrides(month: str, keys: Collection[str]) -> list[PaidOverride]:
    """Return the latest state of the overrides with these keys, of settled months before."""
    rows = session().execute(
        select(Statement.leader_id, Component.plan_version_id, Component.key, Component.inputs)
        .ext(distinct_on(Component.key))
        .join(Statement, Statement.id == Component.statement_id)
        .where(
            Component.kind.in_([ComponentKind.OVERRIDE, ComponentKind.OVERRIDE_CLAWBACK]),
            Component.key.in_(keys),
            Statement.month < month,
        )
        .order_by(Component.key, Statement.month.desc())
    )
    return [PaidOverride(*row) for row in rows]


class Session(NamedTuple):
    """A group buy held together: the guests who had agreed when its lines were paid.

    `earned_fen` is what its lines earned the host in this month and took back; `before_fen` what
    they came to until the month before.
    """

    key: str
    group_buy_id: str
    host_leader_id: str
    guests: tuple[tuple[str, int], ...]
    earned_fen: int
    before_fen: int


_EARNED = """
with host as (
    select * from unnest(cast(:group_buys as uuid[]), cast(:statements as uuid[]))
        as host (group_buy_id, statement_id)
), part as (
    select l.commission_line_id, l.statement_id, l.amount_fen from settlement_lines l
    join commission_lines c on c.id = l.commission_line_id
    where c.group_buy_id = any(:group_buys)
        and c.completed_at >= :starts_at and c.completed_at < :ends_at
    union all
    select k.commission_line_id, k.statement_id, k.amount_fen from settlement_corrections k
    join commission_lines c on c.id = k.commission_line_id
    where c.group_buy_id = any(:group_buys)
)
select 'gbu_' || replace(c.group_buy_id::text, '-', ''), (
    select count(*) from commission_cohosts h
    where h.group_buy_id = c.group_buy_id and h.state = 'agreed' and h.answered_at <= c.paid_at
), sum(p.amount_fen)::bigint
from part p
join commission_lines c on c.id = p.commission_line_id
join host on host.group_buy_id = c.group_buy_id and host.statement_id = p.statement_id
group by 1, 2 order by 1, 2
"""


def sessions(period: SettlementPeriod, statement_of: Mapping[str, str]) -> list[Session]:
    """Return what the sessions held together earned their hosts in a month.

    `statement_of` gives the id of each leader's statement of the month.
    """
    agreed = session().execute(
        select(Cohost)
        .where(Cohost.state == CohostState.AGREED, Cohost.answered_at < period.cutoff_at)
        .order_by(Cohost.group_buy_id, Cohost.answered_at, Cohost.id)
    )
    guests: dict[str, list[Cohost]] = {}
    for cohost in agreed.scalars():
        guests.setdefault(cohost.group_buy_id, []).append(cohost)
    hosted = {
        group_buy_id: statement_of[of[0].host_leader_id]
        for group_buy_id, of in guests.items()
        if of[0].host_leader_id in statement_of
    }
    if not hosted:
        return []
    earned = session().execute(
        text(_EARNED),
        {
            "group_buys": [group_buy_id[4:] for group_buy_id in hosted],
            "starts_at": period.starts_at,
            "ends_at": period.ends_at,
            "statements": [statement_id[4:] for statement_id in hosted.values()],
        },
    )
    shared = [
        (f"{group_buy_id}:{count}", group_buy_id, guests[group_buy_id][:count], fen)
        for group_buy_id, count, fen in earned
        if count and fen
    ]
    before = _before(period.month, [key for key, *_ in shared])
    return [
        Session(
            key,
            group_buy_id,
            of[0].host_leader_id,
            tuple((guest.guest_leader_id, guest.guest_bps) for guest in of),
            fen,
            before.get(key, 0),
        )
        for key, group_buy_id, of, fen in shared
    ]


def _before(month: str, keys: Collection[str]) -> dict[str, int]:
    earned = cast(Component.inputs["earned_fen"].astext, BigInteger)
    rows = session().execute(
        select(Component.key, earned)
        .ext(distinct_on(Component.key))
        .join(Statement, Statement.id == Component.statement_id)
        .where(
            Component.kind == ComponentKind.SPLIT, Component.key.in_(keys), Statement.month < month
        )
        .order_by(Component.key, Statement.month.desc())
    )
    return {key: fen for key, fen in rows}
