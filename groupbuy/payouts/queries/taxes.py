"""Reads of tax regimes, of what was withheld, and the report to the tax authority."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, Select, cast, func, select
from sqlalchemy.dialects.postgresql import distinct_on

from groupbuy.kernel.db import session
from groupbuy.kernel.ids import is_id
from groupbuy.kernel.pagination import Page, decode_cursor, encode_cursor, paginate
from groupbuy.kernel.problems import InvalidInput, NotFound
from groupbuy.kernel.texts import Text
from groupbuy.leaders import queries as leaders
from groupbuy.payouts.models import TaxEntry, TaxRegime
from groupbuy.payouts.rules.states import RegimeState
from groupbuy.payouts.rules.tax import Paid, Regime


def regime(regime_id: str) -> TaxRegime:
    """Return a tax regime, or raise NotFound."""
    found = session().get(TaxRegime, regime_id)
    if found is None:
        raise NotFound
    return found


def locked_regime(regime_id: str) -> TaxRegime:
    """Return a tax regime as it is now, kept from being decided until the transaction ends."""
    found = session().get(TaxRegime, regime_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NotFound
    return found


def regime_list(
    *, limit: int, cursor: str | None, state: str | None = None, leader: str | None = None
) -> Page[TaxRegime]:
    """Return tax regimes, the newest first."""
    query = select(TaxRegime)
    if state is not None:
        query = query.where(TaxRegime.state == state)
    if leader is not None:
        query = query.where(TaxRegime.leader_id == leader)
    return paginate(query, by=[TaxRegime.id], limit=limit, cursor=cursor, descending=True)


def regimes_at(at: datetime) -> dict[str | None, TaxRegime]:
    """Return the regimes in force by leader, everyone's under None, in one statement."""
    rows = session().scalars(
        _in_force(at)
        .ext(distinct_on(TaxRegime.leader_id))
        .order_by(TaxRegime.leader_id, TaxRegime.effective_from.desc())
    )
    return {row.leader_id: row for row in rows}


def regime_of(leader_id: str, *, at: datetime) -> TaxRegime | None:
    """Return the regime that taxes a leader: the own one, else everyone's."""
    query = (
        _in_force(at)
        .where(TaxRegime.leader_id.is_(None) | (TaxRegime.leader_id == leader_id))
        .order_by(TaxRegime.leader_id.asc().nulls_last(), TaxRegime.effective_from.desc())
        .limit(1)
    )
    return session().scalar(query)


def paid_before(leader_id: str, *, month: str) -> Paid:
    """Return what a leader was paid in the year up to a month, net of reversals."""
    rows = session().execute(
        select(
            TaxEntry.tax_month,
            cast(func.sum(TaxEntry.income_fen), BigInteger),
            cast(func.sum(TaxEntry.tax_fen), BigInteger),
        )
        .where(
            TaxEntry.leader_id == leader_id,
            TaxEntry.tax_month.between(f"{month[:4]}-01", month),
            TaxEntry.regime != Regime.NONE,
        )
        .group_by(TaxEntry.tax_month)
    )
    sums = {tax_month: (income, tax) for tax_month, income, tax in rows}
    month_income, month_withheld = sums.get(month, (0, 0))
    return Paid(
        month_income_fen=month_income,
        month_withheld_fen=month_withheld,
        year_income_fen=sum(income for income, _ in sums.values()),
        year_withheld_fen=sum(tax for _, tax in sums.values()),
        months=frozenset(int(m[5:]) for m, (income, _) in sums.items() if income > 0),
    )


def entry_of(number: str) -> TaxEntry:
    """Return the tax row of an attempt, not its reversal."""
    query = select(TaxEntry).where(TaxEntry.number == number, TaxEntry.reverses_id.is_(None))
    return session().scalars(query).one()


def entries_of(number: str) -> list[TaxEntry]:
    """Return the tax row of an attempt and its reversal, if there is one."""
    query = select(TaxEntry).where(TaxEntry.number == number).order_by(TaxEntry.id)
    return list(session().scalars(query))


@dataclass(frozen=True, slots=True)
class TaxReportRow:
    """One leader's quarter: net = gross - reversals; tax is net of what was reversed.

    A reversal counts in the quarter in which it was booked, so that a past quarter never changes.
    """

    leader_id: str
    name: str
    payouts: int
    gross_fen: int
    reversals_fen: int
    net_fen: int
    tax_fen: int
    paid_fen: int


def tax_report(
    *, months: tuple[str, str], limit: int | None, cursor: str | None = None
) -> Page[TaxReportRow]:
    """Return a span of booked months by leader, in leaders' order; all of it without a limit.

    Args:
        months: the first and the last month, both inside.
        limit: leaders of a page.
        cursor: where the previous page ended.
    """
    first = TaxEntry.reverses_id.is_(None)
    income = func.sum(TaxEntry.income_fen)
    query = (
        select(
            TaxEntry.leader_id,
            func.count().filter(first),
            cast(func.coalesce(income.filter(first), 0), BigInteger),
            cast(func.coalesce(-income.filter(~first), 0), BigInteger),
            cast(func.sum(TaxEntry.tax_fen), BigInteger),
        )
        .where(TaxEntry.booked_month.between(*months))
        .group_by(TaxEntry.leader_id)
        .order_by(TaxEntry.leader_id)
    )
    if cursor is not None:
        query = query.where(TaxEntry.leader_id > _leader_after(cursor))
    rows = list(session().execute(query if limit is None else query.limit(limit + 1)))
    shown = rows if limit is None else rows[:limit]
    names = leaders.leaders_by_id(row[0] for row in shown)
    items = [
        TaxReportRow(
            leader_id=leader_id,
            name=names[leader_id].name,
            payouts=count,
            gross_fen=gross,
            reversals_fen=reversed_fen,
            net_fen=gross - reversed_fen,
            tax_fen=tax,
            paid_fen=gross - reversed_fen - tax,
        )
        for leader_id, count, gross, reversed_fen, tax in shown
    ]
    more = len(rows) > len(shown)
    return Page(items, encode_cursor([items[-1].leader_id]) if more else None)


def _leader_after(cursor: str) -> str:
    [leader_id] = decode_cursor(cursor, 1)
    if not isinstance(leader_id, str) or not is_id(leader_id, "ldr"):
        raise InvalidInput.at(
            "/cursor", Text("游标无效，请从第一页开始。", "Not a cursor of this list; begin anew.")
        )
    return leader_id


def _in_force(at: datetime) -> Select[TaxRegime]:
    return select(TaxRegime).where(
        TaxRegime.state == RegimeState.APPROVED,
        TaxRegime.effective_from <= at,
        TaxRegime.decided_at <= at,
    )
