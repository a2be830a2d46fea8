"""Reads of commissions."""

from groupbuy.commissions.queries.assignments import (
    assignment,
    assignment_list,
    begins_at_once,
    monthly_terms,
    own_plan,
    plan_in_force,
    version_for,
)
from groupbuy.commissions.queries.campaign_rules import published_rules
from groupbuy.commissions.queries.lines import (
    INVARIANTS,
    first_change,
    first_completion,
)
from groupbuy.commissions.queries.plans import (
    latest_effective_from,
    locked_plan,
    plan,
    plan_by_code,
    plan_list,
    plans_by_id,
    version,
    version_list,
)

__all__ = [
    "INVARIANTS",
    "assignment",
    "assignment_list",
    "begins_at_once",
    "first_change",
    "first_completion",
    "latest_effective_from",
    "locked_plan",
    "monthly_terms",
    "own_plan",
    "plan",
    "plan_by_code",
    "plan_in_force",
    "plan_list",
    "plans_by_id",
    "published_rules",
    "version",
    "version_for",
    "version_list",
]
