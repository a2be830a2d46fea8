"""A month from its closing to its lock: the calculation, and the moves."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text

from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import session, transaction
from groupbuy.kernel.problems import NotInThisState
from groupbuy.settlement import queries, services
from groupbuy.settlement.errors import (
    ApproverIsPreparer,
    CutoffNotReached,
    EarlierMonthUnsettled,
    FiguresChanged,
    LaterMonthBegun,
)
from groupbuy.settlement.models import (
    Component,
    Correction,
    SettlementTransition,
    Statement,
    StatementLine,
)
from groupbuy.settlement.rules.periods import MOVES, Action, PeriodState
from groupbuy.settlement.services.moving import held
from tests.factories import commissions
from tests.factories.commissions import APPROVER, FINANCE, Stall
from tests.factories.settlement import (
    HOLD_DAYS,
    SHANGHAI,
    after_cutoff,
    approved,
    broken,
    calculated,
    closed,
    local,
    recalculated,
    submitted,
)

MARCH, APRIL, MAY, JUNE = "2026-03", "2026-04", "2026-05", "2026-06"
LATER = after_cutoff(JUNE)


def everything() -> list[tuple[Any, ...]]:
    """Return every stored figure of every statement and of all that it is made of."""
    rows: list[tuple[Any, ...]] = []
    for model in (Statement, StatementLine, Correction, Component):
        table = model.__table__
        rows += [
            tuple(row) for row in session().execute(select(table).order_by(*table.primary_key))
        ]
    return rows


class TestCalculation:
    def test_it_gives_the_same_bytes_again(self, mei: Stall) -> None:
        lines = mei.sell_each(333_333, 777_777, 123_456)
        commissions.refund(lines[0], 11_111, at=local("2026-04-02 12:00"))
        first = calculated(MARCH)
        kept = first.digest, first.input_digest, everything()
        commissions.published([[0, 100]], effective_from=LATER, now=LATER)
        again = recalculated(MARCH, actor=APPROVER)
        assert (again.digest, again.input_digest, everything()) == kept
        assert again.calculated_by == APPROVER.id

    def test_it_sees_what_was_recorded_since(self, mei: Stall) -> None:
        [line] = mei.sell_each(600_000)
        before = calculated(MARCH).digest
        commissions.refund(line, 1, at=local("2026-04-02 12:00"))
        assert recalculated(MARCH).digest != before

    def test_it_reads_the_events_in_whatever_order_the_database_has_them(self, mei: Stall) -> None:
        lines = mei.sell_each(333_333, 777_777, 123_456, 5)
        for line in (*lines, *lines):
            commissions.refund(line, 2, at=local("2026-04-02 12:00"))
        before = calculated(MARCH).digest
        session().execute(text("set local session_replication_role = replica"))
        for table in ("commission_lines", "commission_refunds"):
            session().execute(text(f"create temp table kept on commit drop as table {table}"))
            session().execute(text(f"delete from {table}"))
            session().execute(
                text(f"insert into {table} select * from kept order by md5(ctid::text)")
            )
            session().execute(text("drop table kept"))
        session().execute(text("set local session_replication_role = origin"))
        assert recalculated(MARCH).digest == before

    def test_it_shows_nothing_of_what_broke_and_goes_on_from_there(
        self, mei: Stall, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        mei.sell_each(600_000)
        digest = calculated(MARCH).digest

        def broken_finish(**month: Any) -> None:
            raise RuntimeError("the disk is full")

        with monkeypatch.context() as patch:
            patch.setattr("groupbuy.settlement.services.finishing.finished", broken_finish)
            with pytest.raises(RuntimeError, match="the disk is full"):
                recalculated(MARCH)
        period = queries.locked_period(MARCH)
        assert period is not None
        assert (period.state, period.digest) == (PeriodState.CLOSING, None)
        assert queries.statement_list(month=MARCH, limit=10, cursor=None).items == []
        run = queries.run_of(MARCH)
        assert run is not None
        assert (run.leaders_done, run.lines_done, run.finished_at) == (1, 1, None)
        assert recalculated(MARCH).digest == digest

    def test_it_takes_a_constant_number_of_statements(
        self, app: Flask, count_statements: Callable[[], Any]
    ) -> None:
        commissions.published()
        counts = []
        for month, leaders in ((MARCH, 2), (APRIL, 6)):
            for _ in range(leaders):
                [line, _] = commissions.stall().sell_each(500_000, 1_000, month=month)
                commissions.refund(line, 100_000, at=local("2026-05-09 12:00"))
            closed(month)
            with count_statements() as statements:
                recalculated(month)
            counts.append(len(statements))
            with transaction():
                digest = str(services.submit(month=month, actor=FINANCE, now=LATER).digest)
            with count_statements() as statements, transaction():
                services.approve(month=month, digest=digest, actor=APPROVER, now=LATER)
            counts.append(len(statements))
        assert counts[:2] == counts[2:]
        assert broken() == []


class TestClosing:
    def close(self, month: str, now: datetime) -> Any:
        with transaction():
            return services.start_closing(
                month=month,
                calendar=SHANGHAI,
                hold_days=HOLD_DAYS,
                min_payout_fen=10_000,
                actor=FINANCE,
                now=now,
            )

    def test_it_waits_for_the_cutoff_and_ten_minutes(self, mei: Stall) -> None:
        at = after_cutoff(MARCH)
        with pytest.raises(CutoffNotReached) as refusal:
            self.close(MARCH, at - timedelta(seconds=1))
        assert refusal.value.members == {"month": MARCH, "at": "2026-04-07T16:10:00+00:00"}
        assert self.close(MARCH, at).state == PeriodState.CLOSING

    def test_it_happens_once(self, mei: Stall) -> None:
        closed(MARCH)
        with pytest.raises(NotInThisState):
            self.close(MARCH, LATER)

    def test_it_waits_for_an_earlier_month_with_a_sale(self, mei: Stall) -> None:
        mei.sell_each(600_000)
        with pytest.raises(EarlierMonthUnsettled) as refusal:
            self.close(MAY, LATER)
        assert refusal.value.members == {"unsettled": MARCH}

    def test_it_waits_for_an_earlier_month_that_is_not_approved(self, mei: Stall) -> None:
        mei.sell_each(600_000)
        submitted(MARCH)
        with pytest.raises(EarlierMonthUnsettled) as refusal:
            self.close(APRIL, LATER)
        assert refusal.value.members == {"unsettled": MARCH}

    def test_it_waits_for_an_earlier_month_with_a_late_refund(self, mei: Stall) -> None:
        [line] = mei.sell_each(600_000)
        approved(MARCH)
        commissions.refund(line, 1_000, at=local("2026-05-20 12:00"))
        with pytest.raises(EarlierMonthUnsettled) as refusal:
            self.close(JUNE, LATER)
        assert refusal.value.members == {"unsettled": MAY}
        approved(MAY)
        self.close(JUNE, LATER)

    def test_it_waits_for_an_earlier_month_to_which_an_order_was_given(self, mei: Stall) -> None:
        [line] = mei.sell_each(600_000)
        approved(MARCH)
        commissions.transferred(line, commissions.stall(), at=local("2026-05-20 12:00"))
        with pytest.raises(EarlierMonthUnsettled) as refusal:
            self.close(JUNE, LATER)
        assert refusal.value.members == {"unsettled": MAY}

    def test_it_passes_over_months_without_events(self, mei: Stall) -> None:
        mei.sell_each(600_000)
        approved(MARCH)
        assert self.close(JUNE, LATER).state == PeriodState.CLOSING

    def test_it_never_goes_back_behind_a_later_month(self, mei: Stall) -> None:
        closed(APRIL)
        with pytest.raises(LaterMonthBegun) as refusal:
            self.close(MARCH, LATER)
        assert refusal.value.members == {"begun": APRIL}


class TestMoves:
    @pytest.mark.parametrize("state", PeriodState)
    @pytest.mark.parametrize("action", [action for action in Action if action != Action.FINISH])
    def test_it_follows_the_one_table(self, mei: Stall, state: PeriodState, action: Action) -> None:
        mei.sell_each(600_000)
        bring_to(state)
        if (state, action) in MOVES:
            act(action)
            assert [t.to_state for t in history()][-1] == MOVES[state, action]
            period = queries.period(MARCH)
            assert period is not None
            assert period.state == MOVES[state, action]
            return
        with pytest.raises(NotInThisState) as refusal:
            act(action)
        assert refusal.value.members == {"state": state, "action": action}

    @pytest.mark.parametrize("state", [s for s in PeriodState if s != PeriodState.CLOSING])
    def test_it_finishes_no_calculation_that_did_not_begin(
        self, mei: Stall, state: PeriodState
    ) -> None:
        bring_to(state)
        with pytest.raises(NotInThisState):
            held(MARCH, action=Action.FINISH)

    def test_it_leaves_a_row_for_each_move(self, mei: Stall) -> None:
        submitted(MARCH)
        with transaction():
            services.send_back(month=MARCH, reason="A refund is missing", actor=APPROVER, now=LATER)
        told = [(t.actor, t.action, t.from_state, t.to_state, t.why) for t in history()]
        assert told == [
            ("hua", "start_closing", "open", "closing", ""),
            ("hua", "calculate", "closing", "closing", ""),
            ("hua", "finish", "closing", "draft", ""),
            ("hua", "submit", "draft", "in_review", ""),
            ("qiao", "send_back", "in_review", "draft", "A refund is missing"),
        ]

    def test_it_refuses_the_approval_of_other_figures(self, mei: Stall) -> None:
        submitted(MARCH)
        with pytest.raises(FiguresChanged):
            services.approve(month=MARCH, digest="0" * 64, actor=APPROVER, now=LATER)

    @pytest.mark.parametrize("preparer", ["calculated", "submitted"])
    def test_it_refuses_the_approval_by_who_prepared(self, mei: Stall, preparer: str) -> None:
        lan = Actor(kind="staff", id="lan", role="finance")
        calculated(MARCH)
        recalculated(MARCH, actor=lan if preparer == "calculated" else FINANCE)
        with transaction():
            period = services.submit(
                month=MARCH, actor=lan if preparer == "submitted" else FINANCE, now=LATER
            )
        with pytest.raises(ApproverIsPreparer):
            services.approve(month=MARCH, digest=str(period.digest), actor=lan, now=LATER)


def bring_to(state: PeriodState) -> None:
    """Bring March to a state by the shortest way."""
    if state is PeriodState.LOCKED:
        approved(MARCH)
        act(Action.LOCK)
        return
    ways: dict[PeriodState, Callable[[str], object]] = {
        PeriodState.CLOSING: closed,
        PeriodState.DRAFT: calculated,
        PeriodState.IN_REVIEW: submitted,
        PeriodState.APPROVED: approved,
    }
    if state in ways:
        ways[state](MARCH)


def act(action: Action) -> Any:
    """Do something with March, as who may."""
    period = queries.period(MARCH)
    digest = str(period.digest) if period else ""
    by_finance: dict[str, Any] = {"month": MARCH, "actor": FINANCE, "now": LATER}
    by_approver = {**by_finance, "actor": APPROVER}
    with transaction():
        match action:
            case Action.START_CLOSING:
                return services.start_closing(
                    calendar=SHANGHAI, hold_days=HOLD_DAYS, min_payout_fen=10_000, **by_finance
                )
            case Action.CALCULATE:
                return services.begin(**by_finance)
            case Action.SUBMIT:
                return services.submit(**by_finance)
            case Action.SEND_BACK:
                return services.send_back(reason="Look again", **by_approver)
            case Action.APPROVE:
                return services.approve(digest=digest, **by_approver)
            case Action.LOCK:
                services.auto_confirm(now=LATER)
                return services.lock(**by_approver)


def history() -> list[SettlementTransition]:
    """Return March's moves."""
    query = select(SettlementTransition).order_by(SettlementTransition.id)
    return list(session().scalars(query))
