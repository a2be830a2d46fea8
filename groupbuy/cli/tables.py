"""Tables for the terminal."""

import sys
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from groupbuy.commissions.rules.wording import yuan
from groupbuy.settlement.models import SettlementPeriod, Statement
from groupbuy.settlement.queries.statements import ComponentView, CorrectionView, SaleView

WIDE = 200
"""Columns of a line that is not written to a terminal: nothing is cut there."""


def console() -> Console:
    """Return where tables are written to."""
    return Console() if sys.stdout.isatty() else Console(width=WIDE)


FIGURES = ("carry in", "volume", "commission", "clawback", "payable", "payout", "carry out")


def periods_table(periods: Sequence[SettlementPeriod]) -> Table:
    """Return months with where they stand and who did what."""
    table = Table("month", "state", "cutoff", "calculated by", "submitted by", "approved by")
    for period in periods:
        table.add_row(
            period.month,
            period.state,
            period.cutoff_at.isoformat(),
            period.calculated_by or "-",
            period.submitted_by or "-",
            period.approved_by or "-",
        )
    return table


def statements_table(month: str, statements: Sequence[Statement]) -> Table:
    """Return a month's statements, one row a leader."""
    table = Table(title=f"Statements of {month}")
    table.add_column("leader", overflow="fold")
    for column in FIGURES:
        table.add_column(column, justify="right", no_wrap=True)
    for statement in statements:
        table.add_row(statement.leader_id, *(yuan(amount) for amount in _figures(statement)))
    return table


def statement_heading(statement: Statement) -> str:
    """Return one statement's figures in a line."""
    pairs = zip(FIGURES, _figures(statement), strict=True)
    figures = ", ".join(f"{name} {yuan(amount)}" for name, amount in pairs)
    return f"{statement.leader_id}, {statement.month}: {figures}"


def lines_table(
    sales: Sequence[SaleView],
    corrections: Sequence[CorrectionView],
    components: Sequence[ComponentView],
) -> Table:
    """Return everything that makes a statement, with how each came about."""
    table = Table()
    for column in ("kind", "about", "base", "exact fen", "amount", "why"):
        table.add_column(column, overflow="fold")
    for sale in sales:
        table.add_row(
            "SALES",
            sale.order_line_id,
            yuan(sale.base_fen),
            sale.exact,
            yuan(sale.amount_fen),
            sale.explanation.en,
        )
    for correction in corrections:
        row = correction.row
        amount = yuan(row.amount_fen)
        why = correction.explanation.en
        table.add_row(row.kind, correction.order_line_id, "-", row.exact, amount, why)
    for component in components:
        part = component.row
        amount = yuan(part.amount_fen)
        table.add_row(part.kind, part.key, "-", part.exact, amount, component.explanation.en)
    return table


def _figures(statement: Statement) -> tuple[int, ...]:
    return (
        statement.carry_in_fen,
        statement.volume_fen,
        statement.sales_fen,
        statement.clawback_fen,
        statement.payable_fen,
        statement.payout_fen,
        statement.carry_out_fen,
    )
