"""The audit log: who decided what, when. Rows are only ever added."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Mapped, mapped_column

from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import Base, append_only, session
from groupbuy.kernel.ids import primary_id


class AuditEntry(Base):
    """One decision by a person or by the system."""

    __tablename__ = "audit_entries"

    id: Mapped[str] = primary_id("aud")
    at: Mapped[datetime] = mapped_column(index=True)
    actor_kind: Mapped[str]
    actor_id: Mapped[str]
    action: Mapped[str]
    subject: Mapped[str] = mapped_column(index=True)
    facts: Mapped[dict[str, Any]]


append_only("audit_entries")


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
