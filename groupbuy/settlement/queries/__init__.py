"""Reads of settlement."""

from groupbuy.settlement.queries.adjusting import (
    AdjustmentView,
    adjustment,
    adjustment_list,
    adjustment_view,
    adjustments_of,
    attachment,
    attachment_count,
    carried,
    reversal_of,
    written_off_fen,
)
from groupbuy.settlement.queries.answer_invariants import ANSWER_INVARIANTS
from groupbuy.settlement.queries.answers import (
    StandingHistory,
    standing,
    standing_counts,
    standing_history,
)
from groupbuy.settlement.queries.extras import (
    carried_into,
    paid_overrides,
    people,
    reached_at,
    service_fees,
    sessions,
)
from groupbuy.settlement.queries.holding import holding
from groupbuy.settlement.queries.invariants import INVARIANTS as PERIOD_INVARIANTS
from groupbuy.settlement.queries.payable import (
    PayableStatement,
    held_fen,
    payable_statement,
    payable_statements,
)
from groupbuy.settlement.queries.periods import (
    Overview,
    calculated_period,
    first_unsettled_month,
    last_period,
    locked_period,
    next_period,
    opened,
    overview,
    period,
    period_list,
)
from groupbuy.settlement.queries.runs import (
    StoredParts,
    forfeited_lines,
    leader_count,
    leader_sales,
    locked_run,
    months_of,
    run_of,
    stored_lines,
    stored_parts,
)
from groupbuy.settlement.queries.sales import FIRST_LEADER, next_leaders, plan_terms, sales
from groupbuy.settlement.queries.settled import own_held_lines, settled_lines, touched_lines
from groupbuy.settlement.queries.statements import (
    component_list,
    correction_list,
    line_list,
    own_statement,
    own_statements,
    statement,
    statement_list,
)
from groupbuy.settlement.queries.terms import monthly_terms

INVARIANTS = (*PERIOD_INVARIANTS, *ANSWER_INVARIANTS)

__all__ = [
    "FIRST_LEADER",
    "INVARIANTS",
    "AdjustmentView",
    "Overview",
    "PayableStatement",
    "StandingHistory",
    "StoredParts",
    "adjustment",
    "adjustment_list",
    "adjustment_view",
    "adjustments_of",
    "attachment",
    "attachment_count",
    "calculated_period",
    "carried",
    "carried_into",
    "component_list",
    "correction_list",
    "first_unsettled_month",
    "forfeited_lines",
    "held_fen",
    "holding",
    "last_period",
    "leader_count",
    "leader_sales",
    "line_list",
    "locked_period",
    "locked_run",
    "monthly_terms",
    "months_of",
    "next_leaders",
    "next_period",
    "opened",
    "overview",
    "own_held_lines",
    "own_statement",
    "own_statements",
    "paid_overrides",
    "payable_statement",
    "payable_statements",
    "people",
    "period",
    "period_list",
    "plan_terms",
    "reached_at",
    "reversal_of",
    "run_of",
    "sales",
    "service_fees",
    "sessions",
    "settled_lines",
    "standing",
    "standing_counts",
    "standing_history",
    "statement",
    "statement_list",
    "stored_lines",
    "stored_parts",
    "touched_lines",
    "written_off_fen",
]
