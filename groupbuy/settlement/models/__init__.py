"""Tables of settlement. What is approved never changes: PostgreSQL itself refuses."""

from groupbuy.settlement.models.adjustments import Adjustment, AdjustmentAttachment
from groupbuy.settlement.models.answers import Standing, StandingMove
from groupbuy.settlement.models.disputes import Dispute
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
    "Adjustment",
    "AdjustmentAttachment",
    "CalculationRun",
    "Component",
    "Correction",
    "Dispute",
    "LeaderSales",
    "SettlementPeriod",
    "SettlementTransition",
    "Standing",
    "StandingMove",
    "Statement",
    "StatementLine",
]
