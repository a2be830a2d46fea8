"""One's own coupons over HTTP."""

from typing import Any

from groupbuy.kernel import clock
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import transaction
from groupbuy.kernel.http import Api, Page, caller_key, page_of
from groupbuy.pricing import errors, queries, services
from groupbuy.pricing.queries import OwnCoupon
from groupbuy.pricing.schemas.coupons import ClaimBody, OwnCouponSchema, WalletQuery

api = Api("wallets", __name__, url_prefix="/api/v1", description="A shopper's coupons")


@api.get("/me/coupons", allow="coupons.own", query=WalletQuery, returns=page_of(OwnCouponSchema))
def list_own_coupons(actor: Actor, query: dict[str, Any]) -> Page[OwnCoupon]:
    """List one's own coupons, the newest first."""
    return queries.wallet(shopper_id=actor.id, now=clock.now(), **query)


@api.post(
    "/me/coupons",
    allow="coupons.own",
    body=ClaimBody,
    returns=OwnCouponSchema,
    status=201,
    idempotent=True,
    limits=["20/minute"],
    limit_by=caller_key,
    problems=[errors.CouponCodeUnknown, errors.CouponsGone, errors.CouponLimitReached],
)
def claim_coupon(actor: Actor, body: dict[str, Any]) -> OwnCoupon:
    """Claim the coupon that a code stands for."""
    now = clock.now()
    with transaction():
        return queries.own(services.claim(code=body["code"], shopper_id=actor.id, now=now), now=now)
