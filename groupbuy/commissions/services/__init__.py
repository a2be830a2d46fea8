"""Plans and whom they hold for, and what orders bring: lines, completions, refunds, transfers."""

from groupbuy.commissions.services.accruing import (
    PaidLine,
    PaidOrder,
    accrue,
    mark_completed,
    record_refund,
)
from groupbuy.commissions.services.assigning import (
    approve_assignment,
    propose_assignment,
    reject_assignment,
    withdraw_assignment,
)
from groupbuy.commissions.services.campaign_rules import (
    create_campaign_rule,
    discard_campaign_rule,
    edit_campaign_rule,
    publish_campaign_rule,
)
from groupbuy.commissions.services.cohosting import (
    agree_to_cohost,
    decline_cohost,
    propose_cohost,
    withdraw_cohost,
)
from groupbuy.commissions.services.fees import pay_service_fee
from groupbuy.commissions.services.planning import (
    create_plan,
    create_version,
    discard_version,
    edit_version,
)
from groupbuy.commissions.services.publishing import publish_version
from groupbuy.commissions.services.simulating import (
    advance_simulation,
    cancel_simulation,
    resume_simulation,
    start_simulation,
)
from groupbuy.commissions.services.transferring import transfer

__all__ = [
    "PaidLine",
    "PaidOrder",
    "accrue",
    "advance_simulation",
    "agree_to_cohost",
    "approve_assignment",
    "cancel_simulation",
    "create_campaign_rule",
    "create_plan",
    "create_version",
    "decline_cohost",
    "discard_campaign_rule",
    "discard_version",
    "edit_campaign_rule",
    "edit_version",
    "mark_completed",
    "pay_service_fee",
    "propose_assignment",
    "propose_cohost",
    "publish_campaign_rule",
    "publish_version",
    "record_refund",
    "reject_assignment",
    "resume_simulation",
    "start_simulation",
    "transfer",
    "withdraw_assignment",
    "withdraw_cohost",
]
