"""Tables of settlement. What is approved never changes: PostgreSQL itself refuses."""

from groupbuy.settlement.models.periods import (
    CalculationRun,
    LeaderSales,
    SettlementPeriod,
    SettlementTransition,
)
from groupbuy.settlement.models.statements import (
    Component,
    Correction,
    Statement,
    StatementLine,
)

__all__ = [
    "CalculationRun",
    "Component",
    "Correction",
    "LeaderSales",
    "SettlementPeriod",
    "SettlementTransition",
    "Statement",
    "StatementLine",
]
