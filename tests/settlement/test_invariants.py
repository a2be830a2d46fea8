"""What the check of the books finds when somebody changed a row behind its back."""

import pytest
from flask import Flask
from sqlalchemy import select, text

from groupbuy.commissions.models import Cohost, CommissionLine
from groupbuy.commissions.rules.monthly import CohostState
from groupbuy.holds import services as holds
from groupbuy.kernel.db import session, transaction
from groupbuy.leaders.models import Leader
from groupbuy.settlement import services
from groupbuy.settlement.models import Statement
from groupbuy.settlement.queries.invariants import INVARIANTS
from groupbuy.settlement.rules.statements import COLUMN_OF
from tests.factories import campaigns, commissions
from tests.factories.commissions import APPROVER, FINANCE, Stall
from tests.factories.settlement import approved, broken, calculated, closed, local, settled

MARCH, APRIL = "2026-03", "2026-04"

SIMPLE = [
    ("every_sale_once", "delete from settlement_lines"),
    (
        "every_sale_once",
        "update commission_lines set completed_at = completed_at + interval '60 days'",
    ),
    ("every_sale_once", "update settlement_lines set transfer_id = commission_line_id"),
    ("every_late_refund_once", "delete from settlement_corrections"),
    (
        "every_late_refund_once",
        "update settlement_corrections set statement_id = corrects_id",
    ),
    ("refunds_netted", "update settlement_lines set base_fen = base_fen - 5"),
    ("refunds_netted", "update settlement_lines set quantity = 0"),
    ("refunds_netted", "update commission_refunds set recorded_at = '2026-04-01 00:00Z'"),
    (
        "windows_join",
        "update settlement_periods set window_from = window_from - interval '1 hour'"
        " where month = '2026-04'",
    ),
    (
        "clawbacks_within_settled",
        "update settlement_corrections set amount_fen = -40000, target_after_fen = -10000",
    ),
    (
        "clawbacks_within_settled",
        "update settlement_corrections set amount_fen = -29999, target_after_fen = 1",
    ),
    ("rounded_from_the_exact", "update settlement_corrections set exact = '51/100'"),
    ("lines_make_the_statement", "update settlement_lines set amount_fen = 1"),
    ("lines_make_the_statement", "update settlement_lines set parts = parts + 50000000"),
    (
        "lines_make_the_statement",
        "update settlement_statements set sales_fen = sales_fen - 1, cap_fen = sales_fen - 1,"
        " adjustment_fen = 1 where sales_fen > 0",
    ),
    ("lines_of_a_statement", "delete from settlement_statements where month = '2026-03'"),
    ("volume_adds_up", "update settlement_lines set volume_from_fen = volume_from_fen + 1"),
    ("volume_adds_up", "update settlement_statements set volume_fen = 1"),
    ("paid_from_the_minimum_on", "update settlement_periods set min_payout_fen = 40001"),
    (
        "carry_passes_on",
        "update settlement_statements set carry_in_fen = 5, payable_fen = -29995,"
        " carry_out_fen = -29995 where month = '2026-04'",
    ),
    (
        "carry_passes_on",
        "update settlement_statements set payout_fen = 0, carry_out_fen = payable_fen"
        " where month = '2026-03'",
    ),
    ("posted_as_approved", "delete from ledger_entries"),
    ("posted_as_approved", "update ledger_transactions set reference = id::text"),
    ("leader_balance", "update ledger_accounts set owner = 'ldr_0' where kind = 'leader'"),
    ("two_people", "update settlement_periods set approved_by = 'zed'"),
]

OTHER = {column: "adjustment_fen" for column in COLUMN_OF.values()}
OTHER |= {"adjustment_fen": "write_off_fen"}
COLUMNS = [
    (
        "lines_make_the_statement",
        f"update settlement_statements set {column} = {column} + {sign},"
        f" {other} = {other} - {sign}",
    )
    for column, other in OTHER.items()
    for sign in [-1 if column == "hold_fen" else 1]
]

RICH = [
    ("every_sale_once", "update settlement_lines set transfer_id = null"),
    (
        "every_late_transfer_once",
        "delete from settlement_corrections where kind = 'TRANSFER' and amount_fen > 0",
    ),
    (
        "every_late_transfer_once",
        "update settlement_corrections set target_before_fen = amount_fen + 1,"
        " amount_fen = amount_fen + 1 where kind = 'TRANSFER' and amount_fen > 0",
    ),
    (
        "every_late_transfer_once",
        "update settlement_corrections set statement_id = corrects_id where kind = 'TRANSFER'",
    ),
    (
        "clawbacks_within_settled",
        "update settlement_corrections set target_before_fen = target_before_fen + 1,"
        " amount_fen = amount_fen - 1 where kind = 'TRANSFER' and amount_fen < 0",
    ),
    ("held_amounts", "delete from settlement_corrections where kind = 'HOLD'"),
    (
        "held_amounts",
        "update settlement_corrections set amount_fen = amount_fen + 1 where kind = 'HOLD'",
    ),
    (
        "held_amounts",
        "update commission_holds set state = 'released', decided_at = '2026-04-21 00:00Z',"
        " decided_by = 'zed', reason = 'none'",
    ),
    (
        "splits_sum_to_nothing",
        "update settlement_components set amount_fen = amount_fen + 1"
        " where kind = 'SPLIT' and amount_fen > 0",
    ),
    ("one_level_of_override", "update leaders set recruiter_id = null"),
    (
        "one_level_of_override",
        "update settlement_components set key = replace(key, '2026-03', '2026-02')"
        " where kind = 'OVERRIDE'",
    ),
    (
        "overrides_within_paid",
        "update settlement_components set amount_fen = -99999 where kind = 'OVERRIDE_CLAWBACK'",
    ),
    (
        "rounded_from_the_exact",
        "update settlement_components set exact = '1/1' where kind = 'OVERRIDE'",
    ),
    *COLUMNS,
]

WHOLE = [
    ("every_late_refund_once", "delete from settlement_corrections"),
    (
        "clawbacks_within_settled",
        "update settlement_corrections set target_after_fen = 1, amount_fen = amount_fen + 1"
        " where remaining_after = 0",
    ),
]


def found(tampering: str) -> list[str]:
    """Change rows as no service could, and return what the check finds."""
    assert broken() == []
    session().execute(text("set local session_replication_role = replica"))
    session().execute(text(tampering))
    return [name.removeprefix("settlement.") for name in broken()]


@pytest.mark.breaks_books
class TestInvariants:
    @pytest.mark.parametrize(("invariant", "tampering"), SIMPLE)
    def test_it_finds_what_was_changed_in_sales_and_money(
        self, mei: Stall, invariant: str, tampering: str
    ) -> None:
        line, _ = mei.sell_each(600_000, 200_000)
        commissions.refund(line, 600_000, quantity=1, at=local("2026-04-20 12:00"))
        settled(MARCH, APRIL)
        assert invariant in found(tampering)

    @pytest.mark.parametrize(("invariant", "tampering"), RICH)
    def test_it_finds_what_was_changed_in_corrections_and_components(
        self, app: Flask, invariant: str, tampering: str
    ) -> None:
        everything()
        assert invariant in found(tampering)

    @pytest.mark.parametrize(("invariant", "tampering"), WHOLE)
    def test_it_finds_what_was_changed_in_a_month_computed_anew(
        self, app: Flask, invariant: str, tampering: str
    ) -> None:
        commissions.published(mode="whole")
        _, second, _ = commissions.stall().sell_each(600_000, 600_000, 4_000_000)
        commissions.refund(second, 600_000, quantity=1, at=local("2026-04-20 12:00"))
        settled(MARCH, APRIL)
        assert invariant in found(tampering)

    def test_it_has_provoked_each_of_them(self) -> None:
        provoked = {f"settlement.{invariant}" for invariant, _ in (*SIMPLE, *RICH, *WHOLE)}
        assert provoked == {invariant.name for invariant in INVARIANTS}


class TestWhatIsNotSettled:
    def test_it_leaves_drafts_alone(self, mei: Stall) -> None:
        mei.sell_each(600_000)
        calculated(MARCH)
        assert session().scalars(select(Statement)).one().payable_fen == 30_000
        assert broken() == []

    def test_it_leaves_a_calculation_under_way_alone(
        self, mei: Stall, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("groupbuy.settlement.services.calculation.LEADERS_TOGETHER", 1)
        mei.sell_each(600_000)
        commissions.stall().sell_each(600_000)
        closed(MARCH)
        now = local("2026-04-09 12:00")
        with transaction():
            run = services.begin(month=MARCH, actor=FINANCE, now=now)
            assert services.advance(run_id=run.run_id, actor=FINANCE, now=now).lines_done == 1
        assert broken() == []

    def test_it_leaves_the_draft_after_a_held_month_alone(self, mei: Stall) -> None:
        [line] = mei.sell_each(600_000)
        hold = held(line)
        approved(MARCH)
        commissions.refund(line, 100_000, at=local("2026-04-20 12:00"))
        with transaction():
            at = local("2026-04-21 12:00")
            holds.release(hold_id=hold, reason="fine", actor=APPROVER, now=at)
        calculated(APRIL)
        assert broken() == []


def held(line: CommissionLine, day: str = "2026-03-20") -> str:
    """Put a line's order on hold and return the hold's id."""
    with transaction():
        at = local(f"{day} 12:00")
        return holds.place_by_hand(order_id=line.order_id, reason="odd", actor=FINANCE, now=at).id


def everything() -> None:
    """Settle two months with every kind of correction and most kinds of components."""
    override = {"bps": 1_000, "basis": "commission", "months": None}
    commissions.published(recruiter_override=override)
    ana, lan = commissions.stall(), commissions.stall()
    mei = commissions.stall(recruiter_id=ana.leader_id)
    together = campaigns.group_buy(leader=session().get_one(Leader, mei.leader_id))
    with transaction():
        agreed = Cohost(
            group_buy_id=together.id,
            host_leader_id=mei.leader_id,
            guest_leader_id=lan.leader_id,
            guest_bps=3_000,
            state=CohostState.AGREED,
            proposed_at=local("2026-03-02 09:00"),
            answered_at=local("2026-03-02 09:00"),
        )
        session().add(agreed)
    first, second, third = mei.sell_each(600_000, 600_000, 600_000)
    commissions.transferred(third, lan, at=local("2026-03-25 12:00"))
    mei.sell(600_000, at=local("2026-03-20 10:00"), group_buy_id=together.id)
    commissions.refund(first, 150_000, at=local("2026-04-20 12:00"))
    commissions.transferred(second, lan, at=local("2026-04-20 12:00"))
    held(third, "2026-04-20")
    settled(MARCH, APRIL)
