"""The invariants of payments, and that the database itself refuses what breaks most of them."""

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from groupbuy.kernel import books, jobs
from groupbuy.kernel.db import session, transaction
from groupbuy.payments.queries import INVARIANTS
from tests.factories import payments as make

pytestmark = pytest.mark.breaks_books


def broken() -> list[str]:
    return [finding.invariant.name for finding in books.check(INVARIANTS) if finding.faults]


def tamper(statement: str) -> None:
    with transaction():
        session().execute(text(statement))


class TestInvariants:
    def test_it_holds_after_payments_and_refunds(self, app: Flask) -> None:
        make.payment()
        paid = make.paid_payment()
        make.refund(paid)
        jobs.run_pending()
        make.refund(paid, amount_fen=4_000)
        assert broken() == []

    def test_it_finds_a_sum_that_is_wrong(self, app: Flask) -> None:
        make.refund(make.paid_payment())
        tamper("update payments set refunded_fen = 999")
        assert broken() == ["payments.refunded_is_the_sum"]

    def test_it_finds_refunds_above_the_amount(self, app: Flask) -> None:
        make.refund(make.paid_payment())
        tamper("update payment_refunds set amount_fen = 5001")
        assert "payments.never_refunds_more_than_paid" in broken()

    def test_it_finds_refunds_of_money_that_never_came(self, app: Flask) -> None:
        make.refund(make.paid_payment())
        tamper("update payments set state = 'cancelled'")
        assert broken() == ["payments.refunds_have_money"]

    def test_it_finds_a_surplus_that_nobody_gives_back(self, app: Flask) -> None:
        make.paid_payment()
        tamper("update payments set received_fen = 5001")
        assert broken() == ["payments.surplus_goes_back"]

    def test_it_finds_a_decision_without_its_refund(self, app: Flask) -> None:
        make.paid_payment()
        tamper("update payments set state = 'parked', resolved_at = now()")
        assert broken() == ["payments.decisions_are_rows"]

    def test_it_finds_a_refund_that_repeats_what_has_not_failed(self, app: Flask) -> None:
        paid = make.paid_payment()
        first, again = make.refund(paid), make.refund(paid)
        assert first.id != again.id
        tamper(
            "update payment_refunds set retry_of = (select min(id::text)::uuid from "
            "payment_refunds) where id = (select max(id::text)::uuid from payment_refunds)"
        )
        assert broken() == ["payments.repetitions_follow_failures"]

    def test_it_finds_a_comparison_that_counted_too_little(self, app: Flask) -> None:
        tamper(
            "with c as (insert into payment_reconciliations (id, provider, day, state, by_file, "
            "reason, requested_by, requested_at) values (gen_random_uuid(), 'demo', "
            "'2026-03-02', 'requested', true, '', 'x', now()) returning id) "
            "insert into payment_differences (id, reconciliation_id, provider, day, subject, "
            "number, kind, state, note) select gen_random_uuid(), id, 'demo', '2026-03-02', "
            "'payment', 'n', 'missing_here', 'open', '' from c"
        )
        assert broken() == ["payments.comparisons_are_counted"]

    @pytest.mark.parametrize(
        ("constraint", "statement"),
        [
            ("success_recorded", "update payments set succeeded_at = null"),
            ("success_recorded", "update payments set received_fen = 4999"),
            ("success_recorded", "update payments set received_fen = null"),
            ("refunds_within_amount", "update payments set refunded_fen = 5001"),
            ("refunds_within_amount", "update payments set refunded_fen = -1"),
            ("amount_positive", "update payments set amount_fen = 0, refunded_fen = 0"),
            ("state_known", "update payments set state = 'lost'"),
            ("settling_dated", "update payment_refunds set state = 'succeeded'"),
            ("live_reference", "update payments set state = 'pending', reference = 'thing'"),
            ("provider_ref", "update payments set provider_ref = 'same'"),
        ],
    )
    def test_it_is_kept_by_the_database(self, app: Flask, constraint: str, statement: str) -> None:
        make.paid_payment()
        make.refund(make.paid_payment())
        with pytest.raises(IntegrityError, match=constraint):
            tamper(statement)
