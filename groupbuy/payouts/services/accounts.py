"""Where leaders are paid to: setting, waiting, withdrawing, sealing anew."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import orjson
from sqlalchemy import func, select, update

from groupbuy.identity.models import Shopper
from groupbuy.kernel import audit
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import session
from groupbuy.kernel.sealing import KeyRing
from groupbuy.kernel.texts import Text
from groupbuy.leaders.models import Leader
from groupbuy.payouts import queries
from groupbuy.payouts.errors import NoPendingAccount, PayoutAccountInvalid
from groupbuy.payouts.models import PayoutAccount
from groupbuy.payouts.queries import Accounts
from groupbuy.payouts.rules.accounts import AccountKind, faults, masked
from groupbuy.payouts.services.locks import take_turns
from groupbuy.payouts.services.notices import notify

AT_ONCE = 500


def set_account(
    *,
    leader_id: str,
    kind: str,
    details: Mapping[str, str],
    wait_hours: int,
    keys: KeyRing,
    actor: Actor,
    now: datetime,
) -> Accounts:
    """Change a leader's payout account: the first one at once, any other after a while.

    What is in force or waiting already is not changed again. A change replaces one that waits.

    Raises:
        PayoutAccountInvalid: with a pointer to each detail that does not fit the kind.
    """
    _check(AccountKind(kind), details)
    take_turns(queue="payout-account", key=leader_id)
    known = queries.accounts_of(leader_id, now=now)
    if _same(known.pending or known.current, kind, details, keys):
        return known
    if known.pending is not None:
        _withdraw(known.pending, now=now)
    if _same(known.current, kind, details, keys):
        return queries.accounts_of(leader_id, now=now)
    wait = timedelta(hours=wait_hours if known.current else 0)
    number = select(func.coalesce(func.max(PayoutAccount.number), 0) + 1).where(
        PayoutAccount.leader_id == leader_id
    )
    made = PayoutAccount(
        leader_id=leader_id,
        number=session().scalar(number),
        kind=kind,
        sealed=keys.seal(orjson.dumps(dict(details)), owner=_owner(leader_id)),
        key_id=keys.first,
        masked=masked(AccountKind(kind), details),
        changed_at=now,
        changed_by=actor.label,
        usable_from=now + wait,
    )
    session().add(made)
    session().flush()
    _tell(made, "account_changed", actor=actor, now=now)
    return queries.accounts_of(leader_id, now=now)


def withdraw_pending(*, leader_id: str, actor: Actor, now: datetime) -> Accounts:
    """Take back a change that waits; the account in force stays.

    Raises:
        NoPendingAccount: none waits.
    """
    take_turns(queue="payout-account", key=leader_id)
    pending = queries.accounts_of(leader_id, now=now).pending
    if pending is None:
        raise NoPendingAccount
    _withdraw(pending, now=now)
    _tell(pending, "account_change_withdrawn", actor=actor, now=now)
    return queries.accounts_of(leader_id, now=now)


def payee(*, account: PayoutAccount, keys: KeyRing) -> dict[str, str]:
    """Return an account's details by the channel's own names, decrypted; keep them out of logs."""
    found = details_of(account=account, keys=keys)
    if account.kind == AccountKind.WECHAT:
        query = (
            select(Shopper.openid)
            .join(Leader, Leader.shopper_id == Shopper.id)
            .where(Leader.id == account.leader_id)
        )
        found["openid"] = session().scalar(query) or ""
    return found


def details_of(*, account: PayoutAccount, keys: KeyRing) -> dict[str, str]:
    """Return an account's details, decrypted.

    Raises:
        Unsealable: the ring lacks the key, or the row is not what was written.
    """
    plain = keys.open(account.sealed, key_id=account.key_id, owner=_owner(account.leader_id))
    return {str(name): str(value) for name, value in orjson.loads(plain).items()}


def reencrypt(*, keys: KeyRing) -> int:
    """Seal some accounts anew that are not under the first key; return how many there were."""
    rows = session().scalars(
        select(PayoutAccount)
        .where(PayoutAccount.key_id != keys.first)
        .order_by(PayoutAccount.id)
        .limit(AT_ONCE)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    count = 0
    for account in rows:
        plain = orjson.dumps(details_of(account=account, keys=keys))
        account.sealed = keys.seal(plain, owner=_owner(account.leader_id))
        account.key_id = keys.first
        count += 1
    session().flush()
    return count


def _check(kind: AccountKind, details: Mapping[str, str]) -> None:
    wrong = Text(
        "缺少或格式不正确，或该账户类型没有此项。", "Missing, malformed or not of this kind."
    )
    found = [{"pointer": f"/details/{name}", "detail": wrong} for name in faults(kind, details)]
    if found:
        raise PayoutAccountInvalid(errors=found)


def _same(
    account: PayoutAccount | None, kind: str, details: Mapping[str, str], keys: KeyRing
) -> bool:
    return (
        account is not None
        and account.kind == kind
        and details_of(account=account, keys=keys) == dict(details)
    )


def _withdraw(account: PayoutAccount, *, now: datetime) -> None:
    session().execute(
        update(PayoutAccount).where(PayoutAccount.id == account.id).values(withdrawn_at=now)
    )


def _tell(account: PayoutAccount, what: str, *, actor: Actor, now: datetime) -> None:
    """Notify the leader and leave a trace, without what is secret."""
    facts = {
        "account_id": account.id,
        "kind": account.kind,
        "masked": account.masked,
        "usable_from": account.usable_from.isoformat(),
    }
    notify(leader_id=account.leader_id, kind=what, facts=facts, now=now)
    audit.record(
        actor=actor,
        action=f"payouts.{what}",
        subject=account.leader_id,
        now=now,
        account_id=account.id,
        kind=account.kind,
    )


def _owner(leader_id: str) -> str:
    return f"payout-account:{leader_id}"
