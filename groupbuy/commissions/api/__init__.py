"""Commissions over HTTP: a file and an `Api` for each resource."""

from groupbuy.commissions.api.assignments import api as assignments
from groupbuy.commissions.api.campaign_rules import api as campaign_rules
from groupbuy.commissions.api.cohosts import api as cohosts
from groupbuy.commissions.api.plans import api as plans
from groupbuy.commissions.api.simulations import api as simulations

__all__ = ["assignments", "campaign_rules", "cohosts", "plans", "simulations"]
