"""flask audit: the head to note, and whether everything before it is as it was."""

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import text

from groupbuy.kernel import audit
from groupbuy.kernel.access import SYSTEM
from groupbuy.kernel.db import session
from tests.conftest import START


def run(app: Flask, *words: str) -> Result:
    return app.test_cli_runner().invoke(args=["audit", *words])


@pytest.fixture
def three(app: Flask) -> Flask:
    for subject in ("a", "b", "c"):
        audit.record(actor=SYSTEM, action="note", subject=subject, now=START)
    session().flush()
    return app


def tamper(statement: str) -> None:
    session().execute(text("set local session_replication_role = replica"))
    session().execute(text(statement))


def test_it_verifies_an_empty_log(app: Flask) -> None:
    done = run(app, "verify")
    assert (done.exit_code, f"0 {audit.GENESIS}" in done.output) == (0, True), done.output


def test_it_links_what_is_new_and_prints_the_head(three: Flask) -> None:
    noted = run(three, "head")
    number, digest = noted.stdout.split()
    assert (number, len(digest)) == ("3", 64)
    done = run(three, "verify")
    assert done.exit_code == 0
    assert "3 entries hold" in done.stdout
    assert noted.stdout.strip() in done.stdout


def test_it_names_the_first_broken_entry(three: Flask) -> None:
    run(three, "head")
    tamper("update audit_entries set subject = 'x' where sequence = 2")
    found = run(three, "verify")
    assert found.exit_code == 1
    entry = session().scalar(text("select id from audit_entries where sequence = 2"))
    assert f"BROKEN at entry 2 (aud_{entry.hex}): its content" in found.stdout


def test_it_holds_the_chain_against_a_head_that_was_noted(three: Flask) -> None:
    number, digest = run(three, "head").stdout.split()
    audit.record(actor=SYSTEM, action="note", subject="d", now=START)
    noted = ("verify", "--from-sequence", number, "--digest", digest.upper())
    done = run(three, *noted)
    assert (done.exit_code, "2 entries hold" in done.stdout) == (0, True), done.output
    tamper("delete from audit_entries where sequence > 2")
    cut = run(three, *noted)
    assert (cut.exit_code, "BROKEN at entry 3: the chain ends" in cut.stdout) == (1, True)


@pytest.mark.parametrize("half", [("--from-sequence", "1"), ("--digest", "ab")])
def test_it_needs_both_halves_of_a_head(three: Flask, half: tuple[str, str]) -> None:
    refused = run(three, "verify", *half)
    assert (refused.exit_code, "belong together" in refused.output) == (2, True)
