"""What PostgreSQL itself refuses, and what the check of the books finds all the same."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from groupbuy.kernel.db import session
from groupbuy.settlement.models import (
    Component,
    Correction,
    SettlementPeriod,
    SettlementTransition,
    Statement,
    StatementLine,
)
from groupbuy.settlement.rules.statements import COMPONENTS
from tests.factories import commissions
from tests.factories.commissions import APPROVER, FINANCE, Stall
from tests.factories.settlement import approved, calculated, local, statement_of

MARCH, APRIL = "2026-03", "2026-04"

pytestmark = pytest.mark.breaks_books


TABLES = (
    "settlement_statements",
    "settlement_lines",
    "settlement_corrections",
    "settlement_components",
)


def stored(table: type) -> list[Any]:
    """Return all rows of a table."""
    return list(session().scalars(select(table)))


def refused(*statements: Any) -> None:
    for statement in statements:
        with pytest.raises(DBAPIError), session().begin_nested():
            session().execute(statement, execution_options={"synchronize_session": False})


def copy_of(row: Any, **changes: Any) -> Any:
    """Return an INSERT of a row like this one."""
    columns = {column.key: getattr(row, column.key) for column in row.__table__.columns}
    return insert(type(row)).values(**(columns | changes))


class TestWhatTheDatabaseRefuses:
    @pytest.mark.parametrize("preparation", ["calculated_by", "submitted_by"])
    def test_it_refuses_an_approver_who_prepared(self, mei: Stall, preparation: str) -> None:
        calculated(MARCH)
        now = local("2026-04-08 01:00")
        signed = {
            "calculated_by": FINANCE.id,
            "submitted_by": FINANCE.id,
            "submitted_at": now,
            "approved_by": APPROVER.id,
            "approved_at": now,
            "state": "approved",
        }
        same = signed | {preparation: APPROVER.id}
        with (
            pytest.raises(IntegrityError, match="approver_is_not_preparer"),
            session().begin_nested(),
        ):
            session().execute(update(SettlementPeriod).values(**same))
        session().execute(update(SettlementPeriod).values(**signed))

    @pytest.mark.parametrize("missing", ["approved_by", "submitted_by", "calculated_by", "digest"])
    def test_it_refuses_an_approved_period_without_its_people(
        self, mei: Stall, missing: str
    ) -> None:
        calculated(MARCH)
        now = local("2026-04-08 01:00")
        signed = {
            "submitted_by": FINANCE.id,
            "submitted_at": now,
            "approved_by": APPROVER.id,
            "approved_at": now,
            "state": "approved",
        }
        refused(update(SettlementPeriod).values(**(signed | {missing: None})))

    def test_it_keeps_an_approved_period_as_it_is(self, mei: Stall) -> None:
        approved(MARCH)
        refused(
            update(SettlementPeriod).values(state="draft", approved_by=None, approved_at=None),
            update(SettlementPeriod).values(digest="0" * 64),
            update(SettlementPeriod).values(min_payout_fen=1),
            delete(SettlementPeriod),
            update(SettlementTransition).values(actor="zed"),
        )

    def test_it_keeps_the_statements_of_an_approved_period(self, mei: Stall) -> None:
        [line] = mei.sell_each(600_000)
        commissions.refund(line, 1_000, at=local("2026-04-20 12:00"))
        approved(MARCH)
        statement = statement_of(mei.leader_id, MARCH)
        [sale] = stored(StatementLine)
        lan = commissions.stall()
        refused(
            update(Statement).values(digest="0" * 64),
            update(StatementLine).values(parts=1),
            delete(StatementLine),
            copy_of(sale, position=1),
            copy_of(statement, id=f"sts_{'0' * 32}", leader_id=lan.leader_id),
            *(text(f"truncate {table} cascade") for table in TABLES),
        )
        session().execute(text("set local session_replication_role = replica"))
        session().execute(delete(StatementLine))
        session().execute(text("set local session_replication_role = origin"))
        refused(delete(Statement))

    def test_it_refuses_a_sale_twice_and_a_refund_twice(self, mei: Stall) -> None:
        [line] = mei.sell_each(600_000)
        commissions.refund(line, 1_000, at=local("2026-04-20 12:00"))
        approved(MARCH)
        calculated(APRIL)
        [sale] = stored(StatementLine)
        [clawback] = stored(Correction)
        refused(
            copy_of(sale, statement_id=clawback.statement_id, position=7),
            copy_of(clawback, position=7),
        )

    def test_it_keeps_the_corrections_and_components_of_an_approved_period(
        self, app: Flask
    ) -> None:
        commissions.published(guarantee_fen=50_000)
        mei = commissions.stall()
        [line] = mei.sell_each(600_000)
        commissions.refund(line, 1_000, at=local("2026-04-20 12:00"))
        approved(MARCH)
        approved(APRIL)
        [clawback], [guarantee] = stored(Correction), stored(Component)
        refused(
            update(Correction).values(settled_fen=1),
            delete(Correction),
            copy_of(clawback, position=7, event_key="another refund"),
            update(Component).values(key="another"),
            delete(Component),
            copy_of(guarantee, position=7, key="another"),
        )

    def test_it_refuses_a_line_of_no_sale(self, mei: Stall) -> None:
        mei.sell_each(600_000)
        calculated(MARCH)
        [sale] = stored(StatementLine)
        refused(copy_of(sale, commission_line_id=f"cml_{'0' * 32}", position=7))

    def test_it_refuses_corrections_of_the_wrong_sign(self, mei: Stall) -> None:
        [line] = mei.sell_each(600_000)
        commissions.refund(line, 1_000, at=local("2026-04-20 12:00"))
        approved(MARCH)
        calculated(APRIL)
        [clawback] = stored(Correction)
        wrong = [
            ("CLAWBACK", {"amount_fen": -49}),
            ("CLAWBACK", {"amount_fen": 50, "target_after_fen": 30_050}),
            ("RETIER", {"amount_fen": 1}),
            ("TRANSFER", {"amount_fen": -29_999}),
            ("FORFEIT", {"amount_fen": 30_000}),
            ("HOLD", {"amount_fen": 1}),
            ("RELEASE", {"amount_fen": -1}),
        ]
        for kind, changes in wrong:
            refused(copy_of(clawback, kind=kind, position=7, event_key=None, **changes))

    def test_it_refuses_figures_that_do_not_add_up(self, mei: Stall) -> None:
        mei.sell_each(600_000)
        calculated(MARCH)
        statement, lan = statement_of(mei.leader_id, MARCH), commissions.stall()
        month = {"uncapped_fen": 30_001, "sales_fen": 30_000, "cap_fen": 30_000}
        new = {"id": f"sts_{'0' * 32}", "leader_id": lan.leader_id}
        session().execute(copy_of(statement, **new))
        other = {"id": f"sts_{'1' * 32}", "leader_id": commissions.stall().leader_id}
        refused(
            copy_of(statement, **other, payable_fen=30_001),
            copy_of(statement, **other, payout_fen=29_999, carry_out_fen=1),
            copy_of(statement, **other, payout_fen=29_999),
            copy_of(statement, **other, cap_fen=1),
            copy_of(statement, **other, service_fee_fen=-1, split_fen=1),
            copy_of(statement, **other, hold_fen=1, adjustment_fen=-1),
            copy_of(statement, **other, release_fen=-1, adjustment_fen=1),
            *(copy_of(statement, **other, **{name: 1}) for name in COMPONENTS),
        )
        session().execute(copy_of(statement, **other, **month))
