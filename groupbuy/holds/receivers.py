"""What holds does when something new is known of an order that was looked at before."""

from datetime import datetime

from groupbuy.attribution.models import AttributionDecision
from groupbuy.attribution.signals import order_reassigned
from groupbuy.holds import services
from groupbuy.kernel.settings import settings
from groupbuy.kernel.signals import on
from groupbuy.payments.models import Payment
from groupbuy.payments.signals import payer_learned

ORDER = "ord_"


@on(payer_learned)
def look_at_payer(payment: Payment, now: datetime) -> None:
    """Look at the order again, now that its payer is known."""
    if payment.reference.startswith(ORDER):
        zone = settings().calendar.zone.key
        services.scan_order(order_id=payment.reference, zone=zone, now=now)


@on(order_reassigned)
def look_at_new_leader(
    decision: AttributionDecision, previous: AttributionDecision, now: datetime
) -> None:
    """Look at the order again, now that it is another leader's."""
    zone = settings().calendar.zone.key
    services.scan_order(order_id=decision.order_id, zone=zone, now=now)
