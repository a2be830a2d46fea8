"""The books after every test that touches money: whatever writes, and whatever breaks."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from groupbuy.kernel.access import SYSTEM
from groupbuy.kernel.db import copy_in, session, transaction
from groupbuy.ledger import services
from groupbuy.ledger.models import LedgerEntry
from groupbuy.ledger.rules import Account, AccountKind, transfer
from tests.conftest import START
from tests.factories import payments as make
from tests.factories import training
from tests.money import BooksBroken, assert_books_hold

BANK, SPENT = Account(AccountKind.BANK, "icbc"), Account(AccountKind.EXPENSE, "rent")


def post() -> None:
    posting = transfer("transfer", "x", debit=BANK, credit=SPENT, amount_fen=5)
    services.post_many(postings=[posting], actor=SYSTEM, now=START)


def behind_its_back(statement: str) -> None:
    session().execute(text("set local session_replication_role = replica"))
    session().execute(text(statement))
    session().execute(text("set local session_replication_role = origin"))


def by_sql() -> None:
    behind_its_back("update ledger_entries set amount_fen = 6 where amount_fen = 5")


def by_copy() -> None:
    session().execute(text("set local session_replication_role = replica"))
    rows = session().execute(text("select transaction_id, account_id from ledger_entries limit 1"))
    ((transaction_id, account_id),) = rows
    entry = {
        "transaction_id": f"ltx_{transaction_id.hex}",
        "position": 2,
        "account_id": f"lac_{account_id.hex}",
        "amount_fen": 7,
    }
    copy_in(LedgerEntry, [entry])


def in_the_school() -> None:
    record = training.enrolled(program=training.program())
    record.required = record.done = 1
    session().flush()


def by_the_orm() -> None:
    payment = make.paid_payment()
    payment.refunded_fen = 1
    session().flush()


@pytest.mark.breaks_books
@pytest.mark.parametrize(
    ("write", "broken"),
    [
        (by_sql, "ledger.balanced"),
        (by_copy, "ledger.balanced"),
        (by_the_orm, "payments.refunded_is_the_sum"),
        (in_the_school, "training.completed_by_its_lessons"),
    ],
)
def test_it_names_the_invariant_and_the_row(
    app: Flask, write: Callable[[], None], broken: str
) -> None:
    post()
    assert_books_hold(committed=False)
    write()
    with pytest.raises(BooksBroken, match=broken):
        assert_books_hold(committed=False)


@pytest.mark.breaks_books
def test_it_looks_at_what_is_left_after_a_refusal(app: Flask) -> None:
    with transaction():
        post()
        by_sql()
    with pytest.raises(IntegrityError):
        session().execute(text("insert into ledger_accounts select * from ledger_accounts"))
    with pytest.raises(BooksBroken, match=r"ledger\.balanced"):
        assert_books_hold(committed=False)


@pytest.mark.breaks_books
@pytest.mark.committed
def test_it_looks_at_what_was_committed(app: Flask) -> None:
    assert_books_hold(committed=True)
    with transaction():
        post()
        by_sql()
    with pytest.raises(BooksBroken, match=r"ledger\.balanced"):
        assert_books_hold(committed=True)


def test_it_holds_when_all_is_well(app: Flask) -> None:
    make.refund(make.paid_payment())
    post()
