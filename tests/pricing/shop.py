"""What headquarters does with promotions and coupons in the tests, over HTTP."""

from typing import Any

from tests.client import Caller
from tests.journeys.headquarters import made

REDUCTION: dict[str, Any] = {
    "kind": "reduction",
    "title_zh": "满20减5",
    "title_en": "5 off 20",
    "terms": {"by": "amount", "steps": [{"from_fen": 2000, "off_fen": 500}]},
    "starts_at": "2026-03-02T01:00:00+00:00",
    "ends_at": "2026-03-09T01:00:00+00:00",
}
BATCH: dict[str, Any] = {
    "kind": "fixed",
    "title_zh": "新客券",
    "title_en": "Welcome",
    "off_fen": 500,
    "valid_days": 30,
    "quantity": 10,
}
WHY = {"reason": "enough"}


def drafted(hua: Caller, **changes: Any) -> dict[str, Any]:
    """Draft a promotion."""
    return made(hua.post("/hq/promotions", {**REDUCTION, **changes}))


def published(hua: Caller, **changes: Any) -> dict[str, Any]:
    """Draft and publish a promotion."""
    path = f"/hq/promotions/{drafted(hua, **changes)['id']}/publication"
    return made(hua.post(path), 200)


def batch(hua: Caller, **changes: Any) -> dict[str, Any]:
    """Draft and publish a batch of coupons."""
    drafted_batch = made(hua.post("/hq/coupon-batches", {**BATCH, **changes}))
    return made(hua.post(f"/hq/coupon-batches/{drafted_batch['id']}/publication"), 200)
