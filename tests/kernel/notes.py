"""Endpoints that only the kernel's tests have: taking a note, slowly, refused or crashing."""

import threading
from collections.abc import Iterator
from datetime import UTC
from typing import Any

from marshmallow import fields, validate
from sqlalchemy import func, select

from groupbuy.kernel import audit, clock
from groupbuy.kernel.access import Actor
from groupbuy.kernel.audit import AuditEntry
from groupbuy.kernel.db import session, transaction
from groupbuy.kernel.downloads import SHEETS, sheet_download
from groupbuy.kernel.http import Api, Download, Schema, Words, language
from groupbuy.kernel.problems import NotInThisState
from groupbuy.kernel.sheets import Column, Format, Kind, rows_of
from groupbuy.kernel.texts import Text

notes = Api("notes", __name__, url_prefix="/api/v1", description="For tests")

inside = threading.Event()
proceed = threading.Event()


class NoteBody(Schema):
    text = Words(required=True)


class NoteSchema(Schema):
    text = fields.String(required=True)
    number = fields.Integer(required=True)


def count() -> int:
    """Return how many notes were taken."""
    return session().scalar(select(func.count()).select_from(AuditEntry)) or 0


@notes.post(
    "/notes",
    allow="profile.own",
    body=NoteBody,
    returns=NoteSchema,
    status=201,
    idempotent=True,
)
def take_note(actor: Actor, body: dict[str, Any]) -> dict[str, Any]:
    """Take a note."""
    with transaction():
        audit.record(actor=actor, action="note", subject=body["text"], now=clock.now())
        MISCHIEF.get(body["text"], lambda: None)()
        return {"text": body["text"], "number": count()}


class NotesQuery(Schema):
    format = fields.String(load_default="csv", validate=validate.OneOf([f.value for f in Format]))
    sick = fields.Boolean(load_default=False)


COLUMNS = (
    Column("at", Text("时间", "At"), Kind.INSTANT),
    Column("subject", Text("事项", "Subject")),
)


@notes.get("/notes/sheet", allow="profile.own", query=NotesQuery, files=SHEETS)
def show_notes(actor: Actor, query: dict[str, Any]) -> Download:
    """Load one's notes down."""
    return sheet_download(
        rows=_refuse_late() if query["sick"] else rows_of(_all_notes(), COLUMNS),
        columns=COLUMNS,
        format=query["format"],
        name="笔记 notes",
        language=language(),
        zone=UTC,
    )


def _all_notes() -> Iterator[AuditEntry]:
    yield from session().scalars(select(AuditEntry).order_by(AuditEntry.id))


def _refuse_late() -> Iterator[Any]:
    yield clock.now(), "well"
    _refuse()


def _wait() -> None:
    inside.set()
    assert proceed.wait(20)


def _refuse() -> None:
    raise NotInThisState(state="asleep", action="note")


def _crash() -> None:
    raise RuntimeError("the secret plan: password=hunter2, 13800138000")


MISCHIEF = {"wait": _wait, "refuse": _refuse, "crash": _crash}
