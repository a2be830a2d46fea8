"""The audit log can only grow; PostgreSQL itself sees to it."""

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from groupbuy.kernel import audit
from groupbuy.kernel.access import SYSTEM, Actor
from groupbuy.kernel.audit import AuditEntry
from groupbuy.kernel.db import session
from tests.conftest import START


@pytest.fixture
def entry(app: Flask) -> AuditEntry:
    hua = Actor(kind="staff", id="stf_1", role="finance")
    audit.record(actor=hua, action="plan.publish", subject="plv_1", now=START, version=3)
    audit.record(actor=SYSTEM, action="period.close", subject="2026-02", now=START)
    session().flush()
    return session().query(AuditEntry).filter_by(action="plan.publish").one()


def test_it_keeps_who_did_what_when(entry: AuditEntry) -> None:
    assert (entry.actor_kind, entry.actor_id, entry.subject) == ("staff", "stf_1", "plv_1")
    assert (entry.at, entry.facts) == (START, {"version": 3})


@pytest.mark.parametrize(
    "statement",
    [
        "update audit_entries set subject = 'other'",
        "delete from audit_entries",
        "truncate audit_entries",
    ],
)
def test_it_refuses_to_be_changed(entry: AuditEntry, statement: str) -> None:
    with pytest.raises(IntegrityError, match="append-only"):
        session().execute(text(statement))
