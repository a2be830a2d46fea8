"""Endpoints that only the kernel's tests have: taking a note, slowly, refused or crashing."""

import threading
from typing import Any

from marshmallow import fields
from sqlalchemy import func, select

from groupbuy.kernel import audit, clock
from groupbuy.kernel.access import Actor
from groupbuy.kernel.audit import AuditEntry
from groupbuy.kernel.db import session, transaction
from groupbuy.kernel.http import Api, Schema, Words
from groupbuy.kernel.problems import NotInThisState

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


def _wait() -> None:
    inside.set()
    assert proceed.wait(20)


def _refuse() -> None:
    raise NotInThisState(state="asleep", action="note")


def _crash() -> None:
    raise RuntimeError("the secret plan: password=hunter2, 13800138000")


MISCHIEF = {"wait": _wait, "refuse": _refuse, "crash": _crash}
