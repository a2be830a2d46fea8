"""What orders does when payments or campaigns announce a fact."""

from collections.abc import Sequence
from datetime import datetime

from groupbuy.campaigns import services as campaigns
from groupbuy.campaigns.models import Campaign
from groupbuy.campaigns.signals import campaign_closed
from groupbuy.kernel.signals import on
from groupbuy.orders.services import after_sales, counting, paying, refunding
from groupbuy.payments.models import Payment, PaymentRefund
from groupbuy.payments.signals import payment_succeeded, refund_failed, refund_succeeded

ORDER = "ord_"
ORDER_REFUND = "orf_"


@on(payment_succeeded)
def settle_payment(payment: Payment, now: datetime) -> None:
    """Pay the order that the payment refers to."""
    if payment.reference.startswith(ORDER):
        paying.settle_payment(payment=payment, now=now)


@on(refund_succeeded)
def settle_refund(refund: PaymentRefund, now: datetime) -> None:
    """Record the refund on the order's lines; the return of a late payment has none."""
    if refund.reference.startswith(ORDER_REFUND):
        refunding.settle_refund(refund_id=refund.reference, now=now)
        after_sales.refund_settled(refund_id=refund.reference, now=now)


@on(refund_failed)
def fail_refund(refund: PaymentRefund, now: datetime) -> None:
    """Free what the failed refund held; an after-sale holds it again."""
    if refund.reference.startswith(ORDER_REFUND):
        refunding.fail_refund(refund_id=refund.reference, now=now)
        after_sales.refund_refused(refund_id=refund.reference, now=now)


@on(campaign_closed)
def decide_group_buys(
    campaign: Campaign, group_buy_ids: Sequence[str], paid_before: datetime | None, now: datetime
) -> None:
    """Have the group buys decided by what they sold."""
    facts = counting.facts_of(group_buy_ids=group_buy_ids, paid_before=paid_before)
    campaigns.decide(campaign_id=campaign.id, facts=facts, now=now)
