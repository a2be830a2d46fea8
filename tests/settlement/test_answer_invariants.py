"""What the check of the books finds when adjustments, answers or disputes were tampered with."""

from datetime import timedelta

import pytest

from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import transaction
from groupbuy.settlement import services
from groupbuy.settlement.queries.answer_invariants import ANSWER_INVARIANTS
from tests.factories.adjustments import adjusted
from tests.factories.commissions import APPROVER, FINANCE, Stall
from tests.factories.settlement import after_cutoff, approved, local, statement_of
from tests.settlement.test_invariants import found

MARCH, APRIL = "2026-03", "2026-04"

TAMPERING = [
    ("every_adjustment_once", "update settlement_adjustments set decided_at = '2026-05-01 00:00Z'"),
    ("every_adjustment_once", "update settlement_adjustments set amount_fen = amount_fen + 1"),
    ("every_adjustment_once", "delete from settlement_components where kind = 'ADJUSTMENT'"),
    (
        "every_adjustment_once",
        "update settlement_adjustments set state = 'rejected', note = 'x'",
    ),
    ("adjusted_by_two", "update audit_entries set actor_id = 'qiao'"),
    (
        "reversals_are_opposite",
        "update settlement_adjustments set amount_fen = -999 where reverses_id is not null",
    ),
    ("statements_stand", "delete from settlement_standings"),
    (
        "statements_stand",
        "update settlement_standings set state = 'final', answered_at = issued_at",
    ),
    ("standings_have_their_moves", "delete from settlement_standing_moves"),
    (
        "standings_have_their_moves",
        "delete from settlement_standing_moves where action = 'issue'",
    ),
    (
        "standings_have_their_moves",
        "update settlement_standings set state = 'resolved', answered_at = issued_at",
    ),
    (
        "disputed_where_disputed",
        "update settlement_standings set state = 'confirmed', answered_at = issued_at",
    ),
    (
        "disputed_where_disputed",
        "update settlement_disputes set state = 'withdrawn', withdrawn_at = opened_at",
    ),
    ("disputes_hold_and_let_go", "update settlement_disputes set held_fen = held_fen - 1"),
    (
        "disputes_hold_and_let_go",
        "update settlement_disputes set state = 'withdrawn', withdrawn_at = opened_at",
    ),
    (
        "disputes_hold_and_let_go",
        "update ledger_transactions set kind = 'something' where kind = 'dispute_hold'",
    ),
    (
        "held_within_payout",
        "update settlement_disputes set amount_fen = 90000, held_fen = 90000",
    ),
]


def answered(mei: Stall) -> None:
    """Settle two months with an adjustment that is undone, and a disputed line."""
    mei.sell_each(600_000, 200_000)
    first = adjusted(mei.leader_id, 1_000, at=local("2026-04-01 12:00"))
    approved(MARCH)
    now = after_cutoff(MARCH) + timedelta(hours=1)
    with transaction():
        services.dispute_amount(
            statement_id=statement_of(mei.leader_id, MARCH).id,
            leader_id=mei.leader_id,
            part="line",
            position=0,
            reason="The wrong tier",
            actor=Actor(kind="shopper", id="mei", role="leader", leader_id=mei.leader_id),
            now=now,
        )
        undoing = services.reverse_adjustment(
            adjustment_id=first.id, reason="Paid twice", actor=FINANCE, now=now
        )
    with transaction():
        services.approve_adjustment(
            adjustment_id=undoing.id, if_match=undoing.version, actor=APPROVER, now=now
        )
    approved(APRIL)


@pytest.mark.breaks_books
@pytest.mark.parametrize(("invariant", "tampering"), TAMPERING)
def test_it_finds_what_was_changed(mei: Stall, invariant: str, tampering: str) -> None:
    answered(mei)
    assert invariant in found(tampering)


def test_it_provokes_every_invariant() -> None:
    provoked = {f"settlement.{name}" for name, _ in TAMPERING}
    assert provoked == {invariant.name for invariant in ANSWER_INVARIANTS}
