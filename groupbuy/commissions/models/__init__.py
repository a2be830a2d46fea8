"""Tables of commissions."""

from groupbuy.commissions.models.cohosts import Cohost
from groupbuy.commissions.models.lines import (
    CommissionLine,
    CommissionRefund,
    CommissionTransfer,
    ServiceFee,
)
from groupbuy.commissions.models.plans import (
    CampaignRule,
    Plan,
    PlanAssignment,
    PlanVersion,
    VersionState,
)
from groupbuy.commissions.models.simulations import Simulation, SimulationLeader

__all__ = [
    "CampaignRule",
    "Cohost",
    "CommissionLine",
    "CommissionRefund",
    "CommissionTransfer",
    "Plan",
    "PlanAssignment",
    "PlanVersion",
    "ServiceFee",
    "Simulation",
    "SimulationLeader",
    "VersionState",
]
