"""Adjustments by the real services: proposed by one member of staff, approved by another."""

import base64
from datetime import datetime
from typing import Any

from groupbuy.kernel import clock
from groupbuy.kernel.db import transaction
from groupbuy.settlement import services
from groupbuy.settlement.models import Adjustment
from tests.factories.commissions import APPROVER, FINANCE

PDF = b"%PDF-1.7 what happened"


def paper(content: bytes = PDF, **changes: str) -> dict[str, str]:
    """Return a file as the API takes it."""
    encoded = base64.b64encode(content).decode()
    told = {"name": "photo.pdf", "media_type": "application/pdf", "content": encoded}
    return told | changes


def proposed(leader_id: str, amount_fen: int, **fields: Any) -> Adjustment:
    """Propose an adjustment, out of goodwill unless said otherwise."""
    told = {"reason_code": "goodwill", "reason": "The van was late", "actor": FINANCE, **fields}
    with transaction():
        return services.propose_adjustment(
            leader_id=leader_id, amount_fen=amount_fen, **{"now": clock.now(), **told}
        )


def adjusted(
    leader_id: str, amount_fen: int, *, at: datetime | None = None, **fields: Any
) -> Adjustment:
    """Propose an adjustment and approve it at an instant."""
    now = at or clock.now()
    adjustment = proposed(leader_id, amount_fen, now=now, **fields)
    with transaction():
        return services.approve_adjustment(
            adjustment_id=adjustment.id, if_match=adjustment.version, actor=APPROVER, now=now
        )
