"""Idempotency-Key: a creating write happens once, however often it is sent.

The answer is stored in the transaction that has the effect, so there is no moment at which one
exists without the other, and a crash leaves no key "in progress". A second request that comes
while the first still runs meets its advisory lock and is told so. Only answers of success are
kept: after a refusal (nothing happened) the same key may try again.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import LargeBinary, bindparam, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from groupbuy.kernel.db import Base, session
from groupbuy.kernel.problems import (
    IdempotencyKeyMissing,
    IdempotencyKeyReused,
    RequestInProgress,
)
from groupbuy.kernel.rows import table_of


class IdempotentAnswer(Base):
    """The first answer to a keyed request, kept to be replayed."""

    __tablename__ = "idempotent_answers"

    scope: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary)
    status: Mapped[int]
    headers: Mapped[dict[str, Any]]
    body: Mapped[bytes] = mapped_column(LargeBinary)
    answered_at: Mapped[datetime] = mapped_column(index=True)


_free = select(func.pg_try_advisory_xact_lock(bindparam("lock")).label("free")).cte("free")
_CLAIM = select(
    _free.c.free,
    IdempotentAnswer.fingerprint,
    IdempotentAnswer.status,
    IdempotentAnswer.headers,
    IdempotentAnswer.body,
).select_from(
    _free.outerjoin(
        IdempotentAnswer,
        (IdempotentAnswer.scope == bindparam("scope")) & (IdempotentAnswer.key == bindparam("key")),
    )
)
# The table itself: there is no entity to keep in step.
_answers = table_of(IdempotentAnswer)
_KEEP = insert(_answers).on_conflict_do_nothing().returning(_answers.c.status)


@dataclass(frozen=True, slots=True)
class Answer:
    """A stored answer."""

    status: int
    headers: dict[str, str]
    body: bytes


def checked_key(key: str | None) -> str:
    """Return a usable key, or raise the Problem that says what one looks like."""
    if not key or len(key) > 200 or not key.isprintable():
        raise IdempotencyKeyMissing
    return key


def claim(*, scope: str, key: str, request_body: bytes) -> Answer | None:
    """Take the key for this transaction; return the first answer if there is one.

    Raises:
        RequestInProgress: another connection holds the key right now.
        IdempotencyKeyReused: the key was used with another body.
    """
    digest = hashlib.sha256(f"{scope}\n{key}".encode()).digest()
    lock = int.from_bytes(digest[:8], signed=True)
    row = session().execute(_CLAIM, {"lock": lock, "scope": scope, "key": key}).one()
    if not row.free:
        raise RequestInProgress
    if row.status is None:
        return None
    if row.fingerprint != _fingerprint(request_body):
        raise IdempotencyKeyReused
    return Answer(row.status, {k: str(v) for k, v in row.headers.items()}, row.body)


def keep(*, scope: str, key: str, request_body: bytes, answer: Answer, now: datetime) -> None:
    """Store the answer beside the effect.

    Raises:
        RequestInProgress: the first request ended just after this one had looked for its answer;
            what this one did is taken back, and asked again it gets that answer.
    """
    kept = session().scalar(
        _KEEP,
        {
            "scope": scope,
            "key": key,
            "fingerprint": _fingerprint(request_body),
            "status": answer.status,
            "headers": dict(answer.headers),
            "body": answer.body,
            "answered_at": now,
        },
    )
    if kept is None:
        raise RequestInProgress


def forget(*, before: datetime) -> int:
    """Delete answers older than an instant and return how many."""
    result = session().execute(
        delete(IdempotentAnswer).where(IdempotentAnswer.answered_at < before)
    )
    return int(getattr(result, "rowcount", 0))


def _fingerprint(body: bytes) -> bytes:
    return hashlib.sha256(body).digest()
