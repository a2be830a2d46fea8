"""Reads of payout accounts; their details stay sealed here."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.dialects.postgresql import distinct_on

from groupbuy.kernel.db import session
from groupbuy.kernel.pagination import Page, paginate
from groupbuy.payouts.models import PayoutAccount, PayoutNotice


@dataclass(frozen=True, slots=True)
class Accounts:
    """A leader's payout account in force, and the one that waits to replace it."""

    current: PayoutAccount | None
    pending: PayoutAccount | None


def accounts_of(leader_id: str, *, now: datetime) -> Accounts:
    """Return a leader's accounts as they stand at an instant, in two statements."""
    current = usable_accounts(now=now, leaders=[leader_id]).get(leader_id)
    return Accounts(current, pending_accounts(now=now, leaders=[leader_id]).get(leader_id))


def usable_accounts(
    *, now: datetime, leaders: Collection[str] | None = None
) -> dict[str, PayoutAccount]:
    """Return each leader's account in force, in one statement; of everyone without `leaders`."""
    return _latest(_standing(leaders).where(PayoutAccount.usable_from <= now))


def pending_accounts(
    *, now: datetime, leaders: Collection[str] | None = None
) -> dict[str, PayoutAccount]:
    """Return the accounts that wait to be in force, in one statement."""
    return _latest(_standing(leaders).where(PayoutAccount.usable_from > now))


def accounts_by_id(ids: Collection[str]) -> dict[str, PayoutAccount]:
    """Return the versions among these ids, in one statement."""
    rows = session().scalars(select(PayoutAccount).where(PayoutAccount.id.in_(set(ids))))
    return {row.id: row for row in rows}


def account_list(
    *, limit: int, cursor: str | None, leader: str | None = None, kind: str | None = None
) -> Page[PayoutAccount]:
    """Return every version of payout accounts, the newest first."""
    query = select(PayoutAccount)
    if leader is not None:
        query = query.where(PayoutAccount.leader_id == leader)
    if kind is not None:
        query = query.where(PayoutAccount.kind == kind)
    return paginate(query, by=[PayoutAccount.id], limit=limit, cursor=cursor, descending=True)


def own_notices(*, leader_id: str, limit: int, cursor: str | None) -> Page[PayoutNotice]:
    """Return what a leader was told about the account and the money, the newest first."""
    query = select(PayoutNotice).where(PayoutNotice.leader_id == leader_id)
    return paginate(query, by=[PayoutNotice.id], limit=limit, cursor=cursor, descending=True)


def _standing(leaders: Collection[str] | None) -> Select[PayoutAccount]:
    query = select(PayoutAccount).where(PayoutAccount.withdrawn_at.is_(None))
    return query if leaders is None else query.where(PayoutAccount.leader_id.in_(leaders))


def _latest(query: Select[PayoutAccount]) -> dict[str, PayoutAccount]:
    latest = query.ext(distinct_on(PayoutAccount.leader_id)).order_by(
        PayoutAccount.leader_id, PayoutAccount.number.desc()
    )
    rows = session().scalars(latest, execution_options={"populate_existing": True})
    return {row.leader_id: row for row in rows}
