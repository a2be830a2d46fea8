"""Where leaders are paid to, and what they received."""

from typing import Any

from groupbuy.kernel import clock
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import transaction
from groupbuy.kernel.http import Page, PageQuery, page_of
from groupbuy.kernel.settings import settings
from groupbuy.payouts import errors, queries, services
from groupbuy.payouts.api.surface import api
from groupbuy.payouts.models import PayoutAccount, PayoutNotice
from groupbuy.payouts.queries import Accounts, ShownItem
from groupbuy.payouts.schemas.accounts import (
    AccountsSchema,
    OwnPayoutSchema,
    PayoutAccountBody,
    PayoutAccountQuery,
    PayoutAccountSchema,
    PayoutNoticeSchema,
)


@api.get("/leader/payout-account", allow="leader.own", returns=AccountsSchema)
def show_payout_account(actor: Actor) -> Accounts:
    """Show one's own payout account, masked, and the change that waits."""
    return queries.accounts_of(actor.leader_id, now=clock.now())


@api.put(
    "/leader/payout-account",
    allow="leader.own",
    body=PayoutAccountBody,
    returns=AccountsSchema,
    problems=[errors.PayoutAccountInvalid],
)
def set_payout_account(actor: Actor, body: dict[str, Any]) -> Accounts:
    """Set one's own payout account: the first one at once, a change after the waiting time."""
    with transaction():
        return services.set_account(
            leader_id=actor.leader_id,
            **body,
            wait_hours=settings().payout_account_wait_hours,
            keys=settings().payout_key_ring,
            actor=actor,
            now=clock.now(),
        )


@api.delete(
    "/leader/payout-account/pending",
    allow="leader.own",
    returns=AccountsSchema,
    problems=[errors.NoPendingAccount],
)
def withdraw_payout_account(actor: Actor) -> Accounts:
    """Take back a change that waits; the account in force stays."""
    with transaction():
        return services.withdraw_pending(leader_id=actor.leader_id, actor=actor, now=clock.now())


@api.get("/leader/payouts", allow="leader.own", query=PageQuery, returns=page_of(OwnPayoutSchema))
def list_own_payouts(actor: Actor, query: dict[str, Any]) -> Page[ShownItem]:
    """List one's own payouts, the newest first."""
    return queries.own_items(leader_id=actor.leader_id, **query)


@api.get(
    "/leader/payout-notices",
    allow="leader.own",
    query=PageQuery,
    returns=page_of(PayoutNoticeSchema),
)
def list_own_payout_notices(actor: Actor, query: dict[str, Any]) -> Page[PayoutNotice]:
    """List what one was told: changes of one's own account, and how payouts ended."""
    return queries.own_notices(leader_id=actor.leader_id, **query)


@api.get(
    "/hq/payout-accounts",
    allow="payouts.read",
    query=PayoutAccountQuery,
    returns=page_of(PayoutAccountSchema),
)
def list_payout_accounts(actor: Actor, query: dict[str, Any]) -> Page[PayoutAccount]:
    """List every version of leaders' payout accounts, masked, the newest first."""
    return queries.account_list(**query)
