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
from groupbuy.commissions.services.planning import (
    create_plan,
    create_version,
    discard_version,
    edit_version,
)
from groupbuy.commissions.services.publishing import publish_version
from groupbuy.commissions.services.transferring import transfer

__all__ = [
    "PaidLine",
    "PaidOrder",
    "accrue",
    "approve_assignment",
    "create_plan",
    "create_version",
    "discard_version",
    "edit_version",
    "mark_completed",
    "propose_assignment",
    "publish_version",
    "record_refund",
    "reject_assignment",
    "transfer",
    "withdraw_assignment",
]
