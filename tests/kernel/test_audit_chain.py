"""The audit log's chain: no gaps, no waiting, and no change that it does not tell."""

import hashlib
import json
import threading
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError

from groupbuy.identity import queries
from groupbuy.identity.jobs import link_audit_log
from groupbuy.kernel import audit, books
from groupbuy.kernel.access import SYSTEM
from groupbuy.kernel.audit import GENESIS, AuditEntry, Break, Fault, Head
from groupbuy.kernel.db import session, transaction
from tests.conftest import START
from tests.rivals import at_once


def note(subject: str, *, minutes: int = 0, **facts: Any) -> None:
    at = START + timedelta(minutes=minutes)
    audit.record(actor=SYSTEM, action="note", subject=subject, now=at, **facts)


def chained() -> list[tuple[int | None, str]]:
    query = select(AuditEntry.sequence, AuditEntry.subject).order_by(AuditEntry.sequence)
    return [(number, subject) for number, subject in session().execute(query)]


def broken(noted: Head | None = None) -> Break | None:
    steps = list(audit.walk(noted))
    return steps[-1] if steps and isinstance(steps[-1], Break) else None


def tamper(statement: str, **values: Any) -> None:
    """Do what only somebody who owns the database can."""
    session().flush()
    session().execute(text("set local session_replication_role = replica"))
    session().execute(text(statement), values)
    session().execute(text("set local session_replication_role = origin"))


def link_and_crash() -> None:
    with transaction():
        audit.link()
        raise RuntimeError("crash")


def entry_at(number: int) -> AuditEntry:
    return session().scalars(select(AuditEntry).where(AuditEntry.sequence == number)).one()


@pytest.fixture
def chain(app: Flask) -> list[Head]:
    """Five linked entries, as heads."""
    for number in range(5):
        note(f"entry {number}", minutes=number, fen=number, why="理由")
    assert audit.link() == 5
    return [step for step in audit.walk() if isinstance(step, Head)]


class TestLinking:
    def test_it_numbers_entries_in_order_of_time(self, app: Flask) -> None:
        for minutes in (2, 0, 1):
            note(f"minute {minutes}", minutes=minutes)
        assert (audit.head(), audit.unlinked()) == (Head(0, GENESIS), 3)
        assert audit.link() == 3
        assert chained() == [(1, "minute 0"), (2, "minute 1"), (3, "minute 2")]
        assert audit.link() == 0

    def test_it_goes_on_where_it_ended(self, app: Flask) -> None:
        for number in range(7):
            note(str(number))
        assert [audit.link(limit=3) for _ in range(4)] == [3, 3, 1, 0]
        assert [number for number, _ in chained()] == [1, 2, 3, 4, 5, 6, 7]
        assert broken() is None
        assert audit.head().sequence == 7

    def test_it_is_what_an_auditor_calculates_with_other_tools(self, chain: list[Head]) -> None:
        entry, before = entry_at(2), entry_at(1)
        content = {
            "action": "note",
            "actor_id": "system",
            "actor_kind": "system",
            "at": "2026-03-02T01:01:00.000000+00:00",
            "facts": {"fen": 1, "why": "理由"},
            "id": entry.id,
            "previous": before.digest,
            "sequence": 2,
            "subject": "entry 1",
        }
        canonical = json.dumps(content, separators=(",", ":"), ensure_ascii=False)
        assert entry.previous == before.digest
        assert entry.digest == hashlib.sha256(canonical.encode()).hexdigest()

    def test_it_happens_by_the_clock(self, app: Flask) -> None:
        note("later")
        session().flush()
        link_audit_log()
        assert audit.unlinked() == 0
        link_audit_log()

    def test_it_is_an_invariant_of_the_books(self, chain: list[Head]) -> None:
        assert [f for f in books.check(queries.INVARIANTS) if f.faults] == []
        tamper("delete from audit_entries where sequence = 2")
        (finding,) = books.check(queries.INVARIANTS)
        assert finding.faults[0]["sequence"] == 3


class TestTheDatabase:
    @pytest.mark.parametrize(
        "change",
        [
            "sequence = 9",
            "digest = repeat('0', 64)",
            "sequence = null, previous = null, digest = null",
            "subject = 'other'",
        ],
    )
    def test_it_refuses_to_change_a_linked_entry(self, chain: list[Head], change: str) -> None:
        with pytest.raises(IntegrityError, match="append-only"):
            session().execute(text(f"update audit_entries set {change} where sequence = 2"))

    def test_it_refuses_to_change_an_entry_while_it_is_linked(self, app: Flask) -> None:
        note("unlinked")
        session().flush()
        linking = "sequence = 1, previous = '', digest = ''"
        for change in ("subject = 'other'", f"{linking}, subject = 'other'"):
            with pytest.raises(IntegrityError, match="append-only"), session().begin_nested():
                session().execute(text(f"update audit_entries set {change}"))

    def test_it_refuses_half_a_link(self, app: Flask) -> None:
        note("unlinked")
        session().flush()
        with pytest.raises(IntegrityError, match="linked_whole"):
            session().execute(text("update audit_entries set sequence = 1"))


class TestTampering:
    def test_it_holds_while_nobody_tampers(self, chain: list[Head]) -> None:
        assert [head.sequence for head in chain] == [1, 2, 3, 4, 5]
        assert broken() is None

    @pytest.mark.parametrize(
        "change",
        [
            "subject = 'other'",
            "actor_id = 'stf_zed'",
            "at = at + interval '1 microsecond'",
            "facts = facts || '{\"fen\": 7}'",
            "id = gen_random_uuid()",
        ],
    )
    def test_it_finds_a_changed_content(self, chain: list[Head], change: str) -> None:
        tamper(f"update audit_entries set {change} where sequence = 3")
        assert broken() == Break(3, entry_at(3).id, Fault.CONTENT)

    def test_it_finds_a_changed_digest(self, chain: list[Head]) -> None:
        tamper("update audit_entries set digest = repeat('a', 64) where sequence = 3")
        assert broken() == Break(3, entry_at(3).id, Fault.DIGEST)

    def test_it_finds_an_entry_that_was_written_anew_with_its_digest(
        self, chain: list[Head]
    ) -> None:
        tamper("update audit_entries set subject = 'other' where sequence = 3")
        entry = entry_at(3)
        session().refresh(entry)
        digest = audit.digest_of(entry, sequence=3, previous=entry.previous or "")
        tamper("update audit_entries set digest = :digest where sequence = 3", digest=digest)
        assert broken() == Break(4, entry_at(4).id, Fault.ORDER)

    def test_it_finds_a_removed_entry(self, chain: list[Head]) -> None:
        tamper("delete from audit_entries where sequence = 3")
        assert broken() == Break(4, entry_at(4).id, Fault.MISSING)

    def test_it_finds_a_removed_entry_whose_gap_was_closed(self, chain: list[Head]) -> None:
        tamper("delete from audit_entries where sequence = 3")
        for number in (4, 5):
            tamper(f"update audit_entries set sequence = {number - 1} where sequence = {number}")
        assert broken() == Break(3, entry_at(3).id, Fault.ORDER)

    def test_it_finds_an_entry_that_was_put_in(self, chain: list[Head]) -> None:
        for number in (5, 4, 3):
            tamper(f"update audit_entries set sequence = {number + 1} where sequence = {number}")
        note("put in", minutes=2)
        tamper(
            "update audit_entries set sequence = 3, previous = :before, digest = :digest "
            "where sequence is null",
            before=chain[1].digest,
            digest="b" * 64,
        )
        assert broken() == Break(3, entry_at(3).id, Fault.CONTENT)
        entry = entry_at(3)
        digest = audit.digest_of(entry, sequence=3, previous=chain[1].digest)
        tamper("update audit_entries set digest = :digest where sequence = 3", digest=digest)
        assert broken() == Break(4, entry_at(4).id, Fault.ORDER)


class TestANotedHead:
    def test_it_is_still_there(self, chain: list[Head]) -> None:
        note("afterwards")
        audit.link()
        assert [broken(head) for head in chain] == [None] * 5
        assert len(list(audit.walk(chain[3]))) == 3

    def test_it_tells_when_the_end_was_cut_off(self, chain: list[Head]) -> None:
        tamper("delete from audit_entries where sequence > 3")
        assert broken() is None
        assert broken(chain[4]) == Break(5, "", Fault.CUT)

    def test_it_tells_when_the_chain_was_made_anew(self, chain: list[Head]) -> None:
        tamper("update audit_entries set sequence = null, previous = null, digest = null")
        tamper("update audit_entries set subject = 'other' where subject = 'entry 1'")
        assert audit.link() == 5
        assert broken() is None
        assert broken(chain[4]) == Break(5, entry_at(5).id, Fault.ANCHOR)

    def test_it_tells_when_the_noted_entry_itself_is_gone(self, chain: list[Head]) -> None:
        tamper("delete from audit_entries where sequence = 3")
        assert broken(chain[2]) == Break(4, entry_at(4).id, Fault.MISSING)


@pytest.mark.committed
class TestAtTheSameTime:
    def test_it_makes_no_recorder_wait_for_another(self, app: Flask) -> None:
        recorded, go_on = threading.Event(), threading.Event()

        def slow() -> None:
            with app.app_context(), transaction():
                note("slow", minutes=0)
                session().flush()
                recorded.set()
                assert go_on.wait(10)

        thread = threading.Thread(target=slow)
        thread.start()
        assert recorded.wait(10)
        with transaction():
            note("quick", minutes=1)
        with transaction():
            assert audit.link() == 1
        go_on.set()
        thread.join()
        with transaction():
            assert audit.link() == 1
        assert chained() == [(1, "quick"), (2, "slow")]
        assert broken() is None

    def test_it_leaves_no_gap_for_what_was_rolled_back(self, app: Flask) -> None:
        for number in range(6):
            try:
                with transaction():
                    note(str(number), minutes=number)
                    session().flush()
                    assert number % 2
            except AssertionError:
                pass
        with transaction():
            audit.link()
        assert chained() == [(1, "1"), (2, "3"), (3, "5")]

    def test_it_links_anew_after_a_crash_in_between(self, app: Flask) -> None:
        with transaction():
            note("a")
            note("b", minutes=1)
        with pytest.raises(RuntimeError, match="crash"):
            link_and_crash()
        assert audit.head() == Head(0, GENESIS)
        with transaction():
            assert audit.link() == 2
        assert broken() is None

    def test_it_makes_one_chain_when_twenty_link_at_once(self, app: Flask) -> None:
        with transaction():
            for number in range(60):
                note(str(number), minutes=number)
        made = at_once(app, [lambda: audit.link(limit=7)] * 20)
        assert sum(made) == 60
        assert chained() == [(number + 1, str(number)) for number in range(60)]
        assert broken() is None
        count = select(func.count(AuditEntry.digest.distinct()))
        assert session().scalar(count) == 60
