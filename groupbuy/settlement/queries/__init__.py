"""Reads of settlement."""

from groupbuy.settlement.queries.inputs import carried_into, leader_months, settled_refunds
from groupbuy.settlement.queries.invariants import INVARIANTS
from groupbuy.settlement.queries.payable import (
    PayableStatement,
    payable_statement,
    payable_statements,
)
from groupbuy.settlement.queries.periods import (
    Overview,
    Totals,
    first_unsettled_month,
    last_period,
    locked_period,
    next_period,
    opened,
    overview,
    period,
    period_list,
)
from groupbuy.settlement.queries.statements import (
    line_list,
    own_statement,
    own_statements,
    statement,
    statement_list,
)

__all__ = [
    "INVARIANTS",
    "Overview",
    "PayableStatement",
    "Totals",
    "carried_into",
    "first_unsettled_month",
    "last_period",
    "leader_months",
    "line_list",
    "locked_period",
    "next_period",
    "opened",
    "overview",
    "own_statement",
    "own_statements",
    "payable_statement",
    "payable_statements",
    "period",
    "period_list",
    "settled_refunds",
    "statement",
    "statement_list",
]
