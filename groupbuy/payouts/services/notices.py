"""What leaders are to be told; how they are told is another room's."""

from datetime import datetime
from typing import Any

from groupbuy.kernel.db import session
from groupbuy.payouts.models import PayoutNotice


def notify(*, leader_id: str, kind: str, facts: dict[str, Any], now: datetime) -> None:
    """Write a notice in the present transaction; facts are plain JSON without secrets."""
    session().add(PayoutNotice(leader_id=leader_id, kind=kind, at=now, facts=facts))
