"""The table of imports."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from groupbuy.imports.rules import ImportState
from groupbuy.kernel.db import Base, one_of
from groupbuy.kernel.ids import primary_id


class Import(Base):
    """A sheet that was uploaded, what was found in it, and whether it was applied: who, when.

    `faults` holds the first of them, `fault_count` how many there are.
    """

    __tablename__ = "imports"
    __table_args__ = (
        one_of("state", ImportState),
        CheckConstraint("(state = 'faulty') <= (fault_count > 0)", name="faulty_has_faults"),
        CheckConstraint("state <> 'applied' or fault_count = 0", name="applied_without_faults"),
        CheckConstraint(
            "(state in ('applied', 'discarded')) = (decided_at is not null)"
            " and (decided_at is null) = (decided_by is null)",
            name="decided_by_someone",
        ),
    )

    id: Mapped[str] = primary_id("imp")
    kind: Mapped[str]
    file_name: Mapped[str]
    digest: Mapped[str]
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    state: Mapped[str]
    row_count: Mapped[int]
    creates: Mapped[int]
    updates: Mapped[int]
    unchanged: Mapped[int]
    fault_count: Mapped[int]
    faults: Mapped[list[Any]]
    uploaded_by: Mapped[str]
    uploaded_at: Mapped[datetime]
    decided_by: Mapped[str | None]
    decided_at: Mapped[datetime | None]
