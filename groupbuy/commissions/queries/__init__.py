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
from groupbuy.commissions.queries.campaign_rules import (
    campaign_known,
    campaign_rates,
    campaign_rule,
    campaign_rule_list,
    multiplied,
    offered_in,
    published_rules,
)
from groupbuy.commissions.queries.cohosts import (
    cohost,
    cohost_list,
    hosted,
    shares_taken,
    shown_cohost,
)
from groupbuy.commissions.queries.lines import (
    INVARIANTS,
    first_completion,
    first_refund,
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
from groupbuy.commissions.queries.targets import unknown_targets

__all__ = [
    "INVARIANTS",
    "assignment",
    "assignment_list",
    "begins_at_once",
    "campaign_known",
    "campaign_rates",
    "campaign_rule",
    "campaign_rule_list",
    "cohost",
    "cohost_list",
    "first_completion",
    "first_refund",
    "hosted",
    "latest_effective_from",
    "locked_plan",
    "monthly_terms",
    "multiplied",
    "offered_in",
    "own_plan",
    "plan",
    "plan_by_code",
    "plan_in_force",
    "plan_list",
    "plans_by_id",
    "published_rules",
    "shares_taken",
    "shown_cohost",
    "unknown_targets",
    "version",
    "version_for",
    "version_list",
]
