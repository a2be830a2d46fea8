"""Promotions and coupons in force."""

import itertools
from datetime import timedelta
from typing import Any

from groupbuy.kernel import clock
from groupbuy.kernel.db import session, transaction
from groupbuy.pricing.kinds.registry import KINDS
from groupbuy.pricing.models import Coupon, CouponBatch, Promotion
from groupbuy.pricing.rules.coupons import BatchState
from groupbuy.pricing.rules.promotions import PromotionState

_numbers = itertools.count(1)


def promotion(kind: str, terms: dict[str, Any], **fields: Any) -> Promotion:
    """Put a promotion in force, for a week from now unless said otherwise."""
    now = clock.now()
    told = {"starts_at": now, "ends_at": now + timedelta(days=7), **fields}
    with transaction():
        new = Promotion(
            kind=kind,
            terms=KINDS[kind].TERMS().load(terms),
            title_zh="周末特惠",
            title_en="Weekend deal",
            state=PromotionState.PUBLISHED,
            created_by="system",
            created_at=now,
            published_at=now,
            **told,
        )
        session().add(new)
    return new


def reduction(off_fen: int, *, from_units: int = 1, **fields: Any) -> Promotion:
    """Put a reduction in force that takes an amount off from some units on."""
    terms = {"by": "count", "steps": [{"from_units": from_units, "off_fen": off_fen}]}
    return promotion("reduction", terms, **fields)


def gift(sku_id: str, *, from_units: int = 1, quantity: int = 1, **fields: Any) -> Promotion:
    """Put a promotion in force that gives some units of a SKU from some units on."""
    given = [{"sku_id": sku_id, "quantity": quantity}]
    return promotion(
        "gift", {"by": "count", "steps": [{"from_units": from_units, "gifts": given}]}, **fields
    )


def batch(**fields: Any) -> CouponBatch:
    """Publish a batch of a hundred coupons of 5 yuan, valid for 30 days from when each is given."""
    now = clock.now()
    told = {"kind": "fixed", "off_fen": 500, "valid_days": 30, "quantity": 100, **fields}
    with transaction():
        new = CouponBatch(
            title_zh="新客券",
            title_en="Welcome",
            state=BatchState.PUBLISHED,
            created_by="system",
            created_at=now,
            published_at=now,
            **told,
        )
        session().add(new)
    return new


def coupon(shopper_id: str, of: CouponBatch | None = None, **fields: Any) -> Coupon:
    """Give a shopper a coupon, of a new batch unless one is given."""
    now = clock.now()
    of = of or batch(**fields)
    starts_at, expires_at = of.validity(now)
    with transaction():
        new = Coupon(
            batch_id=of.id,
            shopper_id=shopper_id,
            number=of.given + 1,
            starts_at=starts_at,
            expires_at=expires_at,
            claimed_at=now,
        )
        session().add(new)
        of.given += 1
    return new
