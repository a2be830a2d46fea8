"""Uploading a sheet, looking at what it would do, doing it: all of it or nothing."""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from groupbuy.imports import queries, rules
from groupbuy.imports.errors import ImportFaulty, SheetUnreadable
from groupbuy.imports.kinds.registry import KINDS
from groupbuy.imports.models import Import
from groupbuy.imports.rules import FAULTS_KEPT, IMPORT_MOVES, Fault, ImportState, Plan
from groupbuy.kernel import audit
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import session
from groupbuy.kernel.problems import NotInThisState
from groupbuy.kernel.sheet_reading import UnreadableSheet, read_sheet


def upload(*, kind: str, file_name: str, content: bytes, actor: Actor, now: datetime) -> Import:
    """Keep a sheet with what it would do, or with every fault by row and column; do nothing yet.

    Raises:
        SheetUnreadable: it is no sheet, or its headings are others.
    """
    plan, row_count = _check(kind, content)
    state = ImportState.FAULTY if plan.faults else ImportState.CHECKED
    sheet = Import(
        kind=kind,
        file_name=file_name,
        digest=hashlib.sha256(content).hexdigest(),
        content=content,
        state=state,
        row_count=row_count,
        creates=plan.creates,
        updates=plan.updates,
        unchanged=plan.unchanged,
        fault_count=len(plan.faults),
        faults=[fault.as_json() for fault in _first(plan.faults)],
        uploaded_by=actor.label,
        uploaded_at=now,
    )
    session().add(sheet)
    session().flush()
    audit.record(actor=actor, action="import.upload", subject=sheet.id, now=now, kind=kind)
    return sheet


def apply(*, import_id: str, actor: Actor, now: datetime) -> Import:
    """Do what a checked sheet says, after checking it again: much may have changed since.

    Raises:
        ImportFaulty: it has faults now; nothing is done, and it can be applied once they are gone.
        NotInThisState: it was applied or discarded already, or had faults from the beginning.
    """
    sheet = queries.locked(import_id)
    _move(sheet, "apply", actor=actor, now=now)
    plan, _ = _check(sheet.kind, sheet.content)
    if plan.faults:
        first = [fault.as_told() for fault in _first(plan.faults)]
        raise ImportFaulty(faults=first, fault_count=len(plan.faults))
    sheet.creates, sheet.updates, sheet.unchanged = plan.creates, plan.updates, plan.unchanged
    KINDS[sheet.kind].apply(plan, actor=actor, now=now)
    session().flush()
    return sheet


def discard(*, import_id: str, actor: Actor, now: datetime) -> Import:
    """Put a sheet away that is not to be applied.

    Raises:
        NotInThisState: it was applied or discarded already.
    """
    sheet = queries.locked(import_id)
    _move(sheet, "discard", actor=actor, now=now)
    session().flush()
    return sheet


def export(*, kind: str) -> Iterable[Sequence[Any]]:
    """Return everything of a kind as rows under its columns."""
    return KINDS[kind].export()


def _check(kind: str, content: bytes) -> tuple[Plan, int]:
    of_kind, faults = KINDS[kind], list[Fault]()
    try:
        sheet = read_sheet(content)
        rows = rules.rows_under(sheet, of_kind.COLUMNS, of_kind.NEEDED, faults)
    except (UnreadableSheet, rules.WrongHeadings) as fault:
        raise SheetUnreadable(reason=fault.text) from fault
    plan = of_kind.check(rows)
    plan.faults = faults
    return plan, len(rows)


def _first(faults: Sequence[Fault]) -> list[Fault]:
    return sorted(faults, key=lambda fault: fault.row)[:FAULTS_KEPT]


def _move(sheet: Import, action: str, *, actor: Actor, now: datetime) -> None:
    after = IMPORT_MOVES.get((ImportState(sheet.state), action))
    if after is None:
        raise NotInThisState(state=sheet.state, action=action)
    sheet.state, sheet.decided_by, sheet.decided_at = after, actor.label, now
    audit.record(actor=actor, action=f"import.{action}", subject=sheet.id, now=now, kind=sheet.kind)
