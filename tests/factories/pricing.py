"""Promotions and coupons in force, made by the real services."""

import itertools
from datetime import timedelta
from typing import Any

from groupbuy.kernel import clock
from groupbuy.kernel.access import SYSTEM
from groupbuy.kernel.db import transaction
from groupbuy.pricing import services
from groupbuy.pricing.models import Coupon, CouponBatch, Promotion

_numbers = itertools.count(1)
SCOPE: dict[str, Any] = {"goods": "all", "goods_ids": [], "place": "everywhere"}


def promotion(kind: str, terms: dict[str, Any], **fields: Any) -> Promotion:
    """Put a promotion in force, for a week from now unless said otherwise."""
    now = clock.now()
    told = {"starts_at": now, "ends_at": now + timedelta(days=7), **SCOPE, **fields}
    with transaction():
        drafted = services.create_promotion(
            kind=kind,
            terms=terms,
            title_zh="周末特惠",
            title_en="Weekend deal",
            actor=SYSTEM,
            now=now,
            **told,
        )
        return services.publish_promotion(promotion_id=drafted.id, actor=SYSTEM, now=now)


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
    told = {"kind": "fixed", "off_fen": 500, "valid_days": 30, "quantity": 100, **SCOPE, **fields}
    with transaction():
        drafted = services.create_batch(
            title_zh="新客券",
            title_en="Welcome",
            public_code=told.pop("public_code", f"WELCOME{next(_numbers)}"),
            actor=SYSTEM,
            now=now,
            **told,
        )
        return services.move_batch(batch_id=drafted.id, action="publish", actor=SYSTEM, now=now)


def coupon(shopper_id: str, of: CouponBatch | None = None, **fields: Any) -> Coupon:
    """Give a shopper a coupon, of a new batch unless one is given."""
    of = of or batch(**fields)
    with transaction():
        return services.claim(code=of.public_code or "", shopper_id=shopper_id, now=clock.now())
