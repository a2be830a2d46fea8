"""The books: what is posted once stays, balanced, and is taken back only by its opposite."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from groupbuy.kernel import books
from groupbuy.kernel.access import SYSTEM
from groupbuy.kernel.audit import AuditEntry
from groupbuy.kernel.clock import ManualClock
from groupbuy.kernel.db import copy_in, session, transaction
from groupbuy.ledger import queries, services
from groupbuy.ledger.errors import PostedDifferently
from groupbuy.ledger.models import LedgerAccount, LedgerEntry, LedgerTransaction
from groupbuy.ledger.queries import BookedTransaction
from groupbuy.ledger.rules import Account, AccountKind, Entry, Posting, transfer
from tests.conftest import START

EXPENSE = Account(AccountKind.EXPENSE, "commission")
MEI = Account(AccountKind.HELD, "mei")
CLEARING = Account(AccountKind.CLEARING, "mei")


def post(amount_fen: int, reference: str = "september", **options: Any) -> BookedTransaction:
    posting = transfer("transfer", reference, debit=EXPENSE, credit=MEI, amount_fen=amount_fen)
    return services.post(
        kind=posting.kind,
        reference=posting.reference,
        entries=posting.entries,
        actor=SYSTEM,
        now=options["now"],
    )


def check_constraints() -> None:
    """Make PostgreSQL check now what it would check at the commit."""
    session().flush()
    session().execute(text("set constraints all immediate"))


def write_entries(
    transaction_id: str,
    account_id: str,
    amounts: list[int],
    *,
    first: int = 0,
    more: Sequence[int] = (),
) -> None:
    """Write entries past the services, a statement for `amounts`, one for `more`; then check."""
    for part, begin in ((amounts, first), (more, first + len(amounts))):
        rows = [
            {
                "transaction_id": transaction_id,
                "position": begin + step,
                "account_id": account_id,
                "amount_fen": amount,
            }
            for step, amount in enumerate(part)
        ]
        copy_in(LedgerEntry, rows)
    check_constraints()


def commit_lone(account_id: str, amounts: list[int]) -> None:
    with transaction():
        lone = LedgerTransaction(
            kind="x", reference="y", entry_count=2, recorded_at=START, actor="zed"
        )
        session().add(lone)
        session().flush()
        copy_in(
            LedgerEntry,
            [
                {
                    "transaction_id": lone.id,
                    "position": position,
                    "account_id": account_id,
                    "amount_fen": amount,
                }
                for position, amount in enumerate(amounts)
            ],
        )


def faults() -> list[str]:
    return [f.invariant.name for f in books.check(queries.INVARIANTS) if f.faults]


@pytest.fixture
def now(app: Flask, clock: ManualClock) -> datetime:
    return clock.now()


class TestPost:
    def test_it_debits_one_account_and_credits_the_other(self, now: datetime) -> None:
        posted = post(348_000, now=now)
        assert [(e.account.owner, e.amount_fen) for e in posted.entries] == [
            ("commission", 348_000),
            ("mei", -348_000),
        ]
        assert queries.balances([EXPENSE, MEI, CLEARING]) == {
            EXPENSE: 348_000,
            MEI: -348_000,
            CLEARING: 0,
        }
        check_constraints()
        assert faults() == []

    def test_it_goes_the_other_way_round_for_a_negative_amount(self, now: datetime) -> None:
        post(-20_000, now=now)
        assert queries.balance(MEI) == 20_000

    def test_it_happens_once_for_a_kind_and_a_reference(self, now: datetime) -> None:
        first, again = post(100, now=now), post(100, now=now)
        assert first.id == again.id
        assert queries.balance(MEI) == -100

    def test_it_refuses_other_entries_under_the_same_reference(self, now: datetime) -> None:
        post(100, now=now)
        with pytest.raises(PostedDifferently) as refusal:
            post(101, now=now)
        document = refusal.value.document("en")
        assert (document["status"], document["code"]) == (409, "posted-differently")
        assert queries.balance(MEI) == -100

    @pytest.mark.parametrize("amounts", [[], [0, 0], [5], [5, -4], [5, -5, 0]])
    def test_it_refuses_what_does_not_balance(self, amounts: list[int], now: datetime) -> None:
        entries = [Entry(MEI, amount) for amount in amounts]
        with pytest.raises(ValueError, match="not a balanced posting"):
            services.post(kind="x", reference="y", entries=entries, actor=SYSTEM, now=now)

    def test_it_writes_many_in_a_handful_of_statements(
        self, now: datetime, count_statements: Callable[[], Any]
    ) -> None:
        postings = [
            transfer(
                "transfer",
                f"statement {number}",
                debit=EXPENSE,
                credit=Account(AccountKind.HELD, f"leader {number}"),
                amount_fen=number + 1,
            )
            for number in range(900)
        ]
        with count_statements() as statements:
            assert services.post_many(postings=postings, actor=SYSTEM, now=now) == 900
        assert len(statements) <= 6
        assert services.post_many(postings=postings, actor=SYSTEM, now=now) == 0
        assert queries.balance(EXPENSE) == 900 * 901 // 2


class TestReverse:
    def test_it_is_the_exact_opposite_and_happens_once(self, now: datetime) -> None:
        posted = post(100, now=now)
        first = services.reverse(transaction_id=posted.id, actor=SYSTEM, now=now)
        again = services.reverse(transaction_id=posted.id, actor=SYSTEM, now=now)
        assert first.id == again.id
        assert first.reverses_id == posted.id
        assert queries.balances([EXPENSE, MEI]) == {EXPENSE: 0, MEI: 0}
        assert faults() == []

    @pytest.mark.committed
    @pytest.mark.parametrize("number", [200, pytest.param(5_000, marks=pytest.mark.long)])
    def test_it_happens_once_when_four_ask_at_the_same_time(
        self, app: Flask, number: int, now: datetime
    ) -> None:
        postings = [
            transfer("transfer", f"month {n}", debit=EXPENSE, credit=MEI, amount_fen=100 + n)
            for n in range(number)
        ]
        with transaction():
            services.post_many(postings=postings, actor=SYSTEM, now=now)
        transactions = session().scalars(select(LedgerTransaction.id)).all()
        together = threading.Barrier(4, timeout=30)

        def reverse_all(_: int) -> list[str]:
            made = []
            with app.app_context():
                for id_ in transactions:
                    together.wait()
                    with transaction():
                        reversal = services.reverse(transaction_id=id_, actor=SYSTEM, now=now)
                        made.append(reversal.id)
            return made

        with ThreadPoolExecutor(4) as pool:
            first, *others = pool.map(reverse_all, range(4))
        assert others == [first] * 3
        assert len(set(first)) == number
        reversals = select(func.count()).where(LedgerTransaction.reverses_id.is_not(None))
        assert session().scalar(reversals) == number
        assert session().scalar(select(func.count()).select_from(LedgerTransaction)) == 2 * number
        assert queries.balances([EXPENSE, MEI]) == {EXPENSE: 0, MEI: 0}
        decisions = select(func.count()).where(AuditEntry.action == "ledger.reverse")
        assert session().scalar(decisions) == number
        assert faults() == []


class TestWhatTheDatabaseRefuses:
    @pytest.mark.parametrize("table", [LedgerAccount, LedgerTransaction, LedgerEntry])
    def test_it_refuses_to_change_or_delete_a_row(self, table: Any, now: datetime) -> None:
        post(100, now=now)
        column = table.__table__.columns.values()[-2]
        for statement in (update(table).values({column.name: column}), delete(table)):
            with pytest.raises(DBAPIError, match="append-only"), session().begin_nested():
                session().execute(statement.execution_options(synchronize_session=False))

    @pytest.mark.parametrize("entries", [[], [100], [100, -99], [100, -50, -50]])
    def test_it_refuses_a_transaction_that_is_unbalanced_or_incomplete(
        self, entries: list[int], now: datetime
    ) -> None:
        account = post(100, now=now).entries[0].account
        lone = LedgerTransaction(
            kind="x", reference="y", entry_count=2, recorded_at=now, actor="zed"
        )
        session().add(lone)
        session().flush()
        with pytest.raises(IntegrityError, match="is not balanced"):
            write_entries(lone.id, account.id, entries)

    def test_it_refuses_entries_that_come_one_by_one(self, now: datetime) -> None:
        account = post(100, now=now).entries[0].account
        lone = LedgerTransaction(
            kind="x", reference="y", entry_count=2, recorded_at=now, actor="zed"
        )
        session().add(lone)
        session().flush()
        with pytest.raises(IntegrityError, match="is not balanced"):
            write_entries(lone.id, account.id, [100], more=[-100])

    def test_it_refuses_an_entry_more_in_an_old_transaction(self, now: datetime) -> None:
        posted = post(100, now=now)
        check_constraints()
        with pytest.raises(IntegrityError, match="is not balanced"):
            write_entries(posted.id, posted.entries[0].account.id, [7, -7], first=2)

    @pytest.mark.parametrize("entries", [[], [100], [100, -99]])
    @pytest.mark.committed
    def test_it_refuses_to_commit_it(self, app: Flask, entries: list[int]) -> None:
        with transaction():
            account = post(100, now=START).entries[0].account
        with pytest.raises(IntegrityError, match="is not balanced"):
            commit_lone(account.id, entries)
        assert session().scalar(select(func.count()).select_from(LedgerTransaction)) == 1


def test_it_describes_a_posting_as_plain_data() -> None:
    posting = transfer("commission", "x", debit=EXPENSE, credit=MEI, amount_fen=5)
    assert posting == Posting("commission", "x", (Entry(EXPENSE, 5), Entry(MEI, -5)))
