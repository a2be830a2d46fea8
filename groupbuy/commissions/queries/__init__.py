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
from groupbuy.commissions.queries.estimates import estimate
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
from groupbuy.commissions.queries.simulations import (
    cut_simulation_ids,
    leaders_then,
    locked_simulation,
    next_leaders,
    past_lines,
    published_versions,
    simulation,
    simulation_leaders,
    simulation_list,
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
    "cut_simulation_ids",
    "estimate",
    "first_change",
    "first_completion",
    "hosted",
    "latest_effective_from",
    "leaders_then",
    "locked_plan",
    "locked_simulation",
    "monthly_terms",
    "multiplied",
    "next_leaders",
    "offered_in",
    "own_plan",
    "past_lines",
    "plan",
    "plan_by_code",
    "plan_in_force",
    "plan_list",
    "plans_by_id",
    "published_rules",
    "published_versions",
    "shares_taken",
    "shown_cohost",
    "simulation",
    "simulation_leaders",
    "simulation_list",
    "unknown_targets",
    "version",
    "version_for",
    "version_list",
]
