"""The audit log: who decided what, when. Rows are only ever added, and linked into a chain.

`record` adds an entry unlinked, so that transactions which decide never wait for each other.
`link` then gives committed entries their place: a number without gaps, the digest of the entry
before, and their own, the SHA-256 of their content with both. Whoever changes, takes out or puts
in an entry breaks the chain there; whoever noted a head can tell if it was written anew.
"""

import hashlib
import json
import uuid
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, Index, Row, exists, func, select, text
from sqlalchemy.orm import Mapped, mapped_column

from groupbuy.kernel.access import Actor
from groupbuy.kernel.books import Invariant
from groupbuy.kernel.db import Base, DatabaseRule, declare_rule, never_truncated, session
from groupbuy.kernel.ids import primary_id, to_uuid

GENESIS = "0" * 64
"""What the first entry follows."""

PORTION = 5_000
"""Entries that are linked in one transaction."""


class AuditEntry(Base):
    """One decision by a person or by the system."""

    __tablename__ = "audit_entries"
    __table_args__ = (
        CheckConstraint(
            "num_nulls(sequence, previous, digest) in (0, 3) and sequence > 0",
            name="linked_whole",
        ),
        Index("ix_audit_entries_unlinked", "at", "id", postgresql_where=text("sequence is null")),
    )

    id: Mapped[str] = primary_id("aud")
    at: Mapped[datetime] = mapped_column(index=True)
    actor_kind: Mapped[str]
    actor_id: Mapped[str]
    action: Mapped[str]
    subject: Mapped[str] = mapped_column(index=True)
    facts: Mapped[dict[str, Any]]
    sequence: Mapped[int | None] = mapped_column(unique=True)
    previous: Mapped[str | None]
    digest: Mapped[str | None]


_CONTENT = ("id", "at", "actor_kind", "actor_id", "action", "subject", "facts")

declare_rule(
    DatabaseRule(
        "audit_entries",
        "audit_entries_append_only",
        "before update or delete",
        f"""\
    -- One change is allowed, once: an entry gets its place in the chain.
    if tg_op = 'UPDATE' and old.sequence is null and new.sequence is not null
        and ({", ".join(f"new.{name}" for name in _CONTENT)})
            is not distinct from ({", ".join(f"old.{name}" for name in _CONTENT)})
    then
        return new;
    end if;
    raise exception 'audit_entries is append-only' using errcode = 'restrict_violation';""",
    )
)
never_truncated("audit_entries")

CHAIN = Invariant(
    "audit.chain",
    "the audit log is numbered without gaps, and each entry names the digest of the one before",
    f"""
    select sequence, 'aud_' || replace(id::text, '-', '') as entry_id, place, previous, before
    from (
        select sequence, id, previous, row_number() over chain as place,
            lag(digest, 1, '{GENESIS}') over chain as before
        from audit_entries where sequence is not null
        window chain as (order by sequence)
    ) linked
    where sequence <> place or previous <> before
    """,
)


def record(*, actor: Actor, action: str, subject: str, now: datetime, **facts: Any) -> None:
    """Add an entry in the present transaction; facts are plain JSON, no personal data."""
    session().add(
        AuditEntry(
            at=now,
            actor_kind=actor.kind,
            actor_id=actor.label,
            action=action,
            subject=subject,
            facts=facts,
        )
    )


def has_acted(actor: Actor, *, subject: str, actions: Collection[str]) -> bool:
    """Tell whether somebody ever did one of these actions to a subject.

    So that nobody approves what they had a hand in, however many others changed it afterwards.
    """
    entry = exists().where(
        AuditEntry.subject == subject,
        AuditEntry.actor_id == actor.label,
        AuditEntry.action.in_(actions),
    )
    return bool(session().scalar(select(entry)))


@dataclass(frozen=True, slots=True)
class Head:
    """The last linked entry: whoever notes number and digest can later prove what was before."""

    sequence: int
    digest: str


class Fault(StrEnum):
    """What is wrong with the first entry that is."""

    MISSING = "an entry is missing before it"
    CONTENT = "its content is not what its digest was made of"
    DIGEST = "its digest was changed, its content was not"
    ORDER = "it does not follow the entry before it: one was put in or taken out"
    ANCHOR = "it is not the entry that was noted"
    CUT = "the chain ends before the entry that was noted"


@dataclass(frozen=True, slots=True)
class Break:
    """The first place at which the chain is broken; `entry_id` is empty if nothing is there."""

    sequence: int
    entry_id: str
    fault: Fault


def head() -> Head:
    """Return the last linked entry; of an empty chain, number 0 and the digest it begins with."""
    found = session().execute(
        select(AuditEntry.sequence, AuditEntry.digest)
        .where(AuditEntry.sequence.is_not(None))
        .order_by(AuditEntry.sequence.desc())
        .limit(1)
    )
    sequence, digest = found.one_or_none() or (0, GENESIS)
    return Head(sequence or 0, digest or GENESIS)


def unlinked() -> int:
    """Return how many entries wait to be linked."""
    query = select(func.count()).select_from(AuditEntry).where(AuditEntry.sequence.is_(None))
    return session().scalar(query) or 0


def link(limit: int = PORTION) -> int:
    """Link committed entries in order of time, and return how many; one at a time does it.

    Call it until it returns 0, each time in a transaction of its own.
    """
    session().flush()
    session().execute(text("select pg_advisory_xact_lock(hashtext('kernel.audit.link'))"))
    entries = session().execute(
        select(*_columns(_CONTENT))
        .where(AuditEntry.sequence.is_(None))
        .order_by(AuditEntry.at, AuditEntry.id)
        .limit(limit)
    )
    last = head()
    links = []
    for entry in entries:
        digest = digest_of(entry, sequence=last.sequence + 1, previous=last.digest)
        links.append((to_uuid(entry.id, "aud"), last.sequence + 1, last.digest, digest))
        last = Head(last.sequence + 1, digest)
    _write(links)
    return len(links)


_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest_of(entry: Row[Any] | AuditEntry, *, sequence: int, previous: str) -> str:
    """Return an entry's digest: the SHA-256, in hexadecimal, of its canonical JSON in UTF-8.

    The object has the keys id, at (UTC, microseconds), actor_kind, actor_id, action, subject,
    facts, sequence and previous; keys sorted, no spaces, nothing escaped that need not be.
    """
    content = {name: getattr(entry, name) for name in _CONTENT}
    content["at"] = entry.at.astimezone(UTC).isoformat(timespec="microseconds")
    content |= {"sequence": sequence, "previous": previous}
    return hashlib.sha256(_CANONICAL.encode(content).encode()).hexdigest()


def walk(noted: Head | None = None) -> Iterator[Head | Break]:
    """Go through the chain in constant memory: yield each entry that holds, or where it breaks.

    With a head that was noted earlier, begin there: it must still be in the chain.
    """
    columns = _columns((*_CONTENT, "sequence", "previous", "digest"))
    chain = select(*columns).where(AuditEntry.sequence >= (noted.sequence if noted else 1))
    rows = session().execute(
        chain.order_by(AuditEntry.sequence), execution_options={"yield_per": 1_000}
    )
    try:
        yield from _checked(rows, noted)
    finally:
        rows.close()


def _checked(rows: Iterable[Row[Any]], noted: Head | None) -> Iterator[Head | Break]:
    expected = noted.sequence if noted else 1
    before = None if noted else GENESIS
    for entry in rows:
        fault = _fault_in(entry, expected=expected, before=before)
        if noted and not fault and expected == noted.sequence and entry.digest != noted.digest:
            fault = Fault.ANCHOR
        if fault:
            yield Break(entry.sequence, entry.id, fault)
            return
        yield Head(entry.sequence, entry.digest)
        expected, before = entry.sequence + 1, entry.digest
    if noted and expected == noted.sequence:
        yield Break(noted.sequence, "", Fault.CUT)


def _fault_in(entry: Row[Any], *, expected: int, before: str | None) -> Fault | None:
    """Say what is wrong with an entry; `before` is the digest it must follow, if that is known."""
    if entry.sequence != expected:
        return Fault.MISSING
    if before is not None and entry.previous != before:
        return Fault.ORDER
    found = digest_of(entry, sequence=entry.sequence, previous=entry.previous)
    if found == entry.digest:
        return None
    follows = select(AuditEntry.previous).where(AuditEntry.sequence == entry.sequence + 1)
    # The next entry remembers the digest: it tells which of the two was changed.
    return Fault.DIGEST if session().scalar(follows) == found else Fault.CONTENT


def _columns(names: Iterable[str]) -> list[Any]:
    return [getattr(AuditEntry, name) for name in names]


_LINK = text(
    "update audit_entries e set sequence = l.sequence, previous = l.previous, digest = l.digest "
    "from unnest(cast(:ids as uuid[]), cast(:sequences as bigint[]), cast(:previous as text[]), "
    "cast(:digests as text[])) as l (id, sequence, previous, digest) where e.id = l.id"
)


def _write(links: list[tuple[uuid.UUID, int, str, str]]) -> None:
    """Give entries their places, in one statement."""
    if links:
        names = ("ids", "sequences", "previous", "digests")
        arrays = (list(values) for values in zip(*links, strict=True))
        session().execute(_LINK, dict(zip(names, arrays, strict=True)))
