"""The ledger over HTTP: it is only read; what writes to it are other domains' decisions."""

from typing import Any

from groupbuy.kernel.access import Actor
from groupbuy.kernel.http import Api, Page, page_of
from groupbuy.ledger import queries
from groupbuy.ledger.queries import BookedTransaction, StandingAccount
from groupbuy.ledger.schemas import (
    AccountQuery,
    AccountSchema,
    TransactionQuery,
    TransactionSchema,
)

api = Api("ledger", __name__, url_prefix="/api/v1", description="The books: double entry")


@api.get(
    "/hq/ledger-accounts",
    allow="ledger.read",
    query=AccountQuery,
    returns=page_of(AccountSchema),
)
def list_ledger_accounts(actor: Actor, query: dict[str, Any]) -> Page[StandingAccount]:
    """List accounts with their balances."""
    return queries.account_list(**query)


@api.get(
    "/hq/ledger-transactions",
    allow="ledger.read",
    query=TransactionQuery,
    returns=page_of(TransactionSchema),
)
def list_ledger_transactions(actor: Actor, query: dict[str, Any]) -> Page[BookedTransaction]:
    """List transactions with their entries, the newest first."""
    return queries.transaction_list(**query)
