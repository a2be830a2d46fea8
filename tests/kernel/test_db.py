"""Transactions join, roll back as one, and are tried again after a deadlock."""

import threading
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from flask import Flask
from psycopg.pq import TransactionStatus
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError, StatementError

from groupbuy.kernel import audit, db
from groupbuy.kernel.access import SYSTEM
from groupbuy.kernel.audit import AuditEntry
from groupbuy.kernel.db import (
    copy_in,
    insert_missing,
    outside_transaction,
    retrying,
    session,
    transaction,
)
from groupbuy.kernel.ids import new_id
from groupbuy.ledger.models import LedgerAccount
from groupbuy.settlement.rules.periods import CLOSING_DELAY
from tests.conftest import START


def note(subject: str, at: datetime = START) -> None:
    audit.record(actor=SYSTEM, action="note", subject=subject, now=at)


def count() -> int:
    return session().scalar(select(func.count()).select_from(AuditEntry)) or 0


def fail() -> None:
    raise RuntimeError("no")


def write_then_fail() -> None:
    with transaction():
        note("a")
        fail()


def write_twice_then_fail() -> None:
    with transaction():
        with transaction():
            note("inner")
        note("outer")
        fail()


def test_it_takes_back_what_took_too_long(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = iter([0.0, db.LONGEST.total_seconds() + 1, 0.0, db.LONGEST.total_seconds()])
    monkeypatch.setattr(db, "monotonic", lambda: next(ticks))
    with pytest.raises(TimeoutError, match="taken back"), transaction():
        note("late")
    assert count() == 0
    with transaction():
        note("in time")
    assert count() == 1


def test_it_never_commits_what_a_closed_month_could_have_missed() -> None:
    assert db.LONGEST < CLOSING_DELAY


@pytest.mark.parametrize("work", [write_then_fail, write_twice_then_fail])
def test_it_takes_everything_back_when_something_fails(app: Flask, work: object) -> None:
    assert callable(work)
    with pytest.raises(RuntimeError, match="no"):
        work()
    assert count() == 0


def test_it_can_begin_anew_after_a_failure(app: Flask) -> None:
    with pytest.raises(RuntimeError, match="no"):
        write_then_fail()
    with transaction():
        note("b")
    assert count() == 1


def test_it_refuses_the_network_inside_a_transaction(app: Flask) -> None:
    with transaction(), pytest.raises(RuntimeError, match="network"), outside_transaction():
        fail()
    with outside_transaction():
        pass


def test_it_refuses_an_instant_without_a_zone(app: Flask) -> None:
    note("naive", datetime(2026, 3, 2))  # noqa: DTZ001
    with pytest.raises(StatementError, match="time zone"):
        session().flush()


def test_it_reads_instants_back_in_utc(app: Flask) -> None:
    note("far east", datetime(2026, 3, 2, 9, tzinfo=timezone(timedelta(hours=8))))
    session().flush()
    session().expire_all()
    at = session().scalars(select(AuditEntry.at)).one()
    assert (at, at.tzinfo) == (datetime(2026, 3, 2, 1, tzinfo=UTC), UTC)


@pytest.mark.committed
def test_it_tries_again_after_a_deadlock(app: Flask) -> None:
    both_hold_one, attempts = threading.Barrier(2), list[str]()

    def lock_both(first: int, second: int) -> None:
        with transaction():
            attempts.append(f"{first} then {second}")
            lock(first)
            if attempts.count(f"{first} then {second}") == 1:
                both_hold_one.wait(20)
            lock(second)
            note(f"{first} then {second}")

    def lock(number: int) -> None:
        session().execute(text("select pg_advisory_xact_lock(:n)"), {"n": number})

    def lock_in_the_other_order() -> None:
        with app.app_context():
            retrying(lambda: lock_both(2, 1))

    other = threading.Thread(target=lock_in_the_other_order)
    other.start()
    retrying(lambda: lock_both(1, 2))
    other.join()
    assert len(attempts) == 3
    assert count() == 2


def accounts(*owners: str) -> list[dict[str, object]]:
    return [
        {"id": new_id("lac"), "kind": "bank", "owner": owner, "opened_at": START}
        for owner in owners
    ]


def test_it_inserts_what_is_missing_in_order_and_returns_it(app: Flask) -> None:
    assert insert_missing(LedgerAccount, [], returning=["id"]) == []
    insert_missing(LedgerAccount, accounts("b"), returning=["id"])
    rows = accounts("c", "b", "a")
    made = insert_missing(LedgerAccount, rows, returning=["owner", "id", "opened_at"])
    assert [tuple(row) for row in made] == [
        ("c", rows[0]["id"], START),
        ("a", rows[2]["id"], START),
    ]


def test_it_reports_what_a_copy_breaks_like_any_other_statement(app: Flask) -> None:
    with pytest.raises(IntegrityError, match="kind_known"):
        copy_in(LedgerAccount, [{**accounts("a")[0], "kind": "sofa"}])


def in_transaction() -> bool:
    """Tell whether PostgreSQL holds a transaction open for the session after a statement."""
    driver: Any = session().connection().connection.driver_connection
    return bool(driver.info.transaction_status != TransactionStatus.IDLE)


@pytest.mark.committed
@pytest.mark.usefixtures("app")
class TestReading:
    def test_it_needs_no_transaction(self) -> None:
        with db.reading():
            assert count() == 0
            assert not in_transaction()
        session().rollback()
        assert count() == 0
        assert in_transaction()

    def test_it_ends_where_a_transaction_begins(self) -> None:
        with db.reading():
            assert count() == 0
            with pytest.raises(RuntimeError):
                write_then_fail()
        assert count() == 0
        with db.reading():
            assert count() == 0
            with transaction():
                note("kept")
                assert in_transaction()
            assert count() == 1

    def test_it_leaves_a_transaction_alone_that_is_open(self) -> None:
        with transaction(), db.reading():
            note("inside")
            session().flush()
            assert in_transaction()
        assert count() == 1


@pytest.mark.committed
@pytest.mark.usefixtures("app")
def test_it_replaces_a_connection_that_the_server_has_closed() -> None:
    with db.engine().connect() as killer:
        backend = session().scalar(text("select pg_backend_pid()"))
        session().rollback()
        killer.execute(text("select pg_terminate_backend(:pid, 5000)"), {"pid": backend})
        killer.invalidate()
    assert session().scalar(text("select pg_backend_pid()")) != backend
