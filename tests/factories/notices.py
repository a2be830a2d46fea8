"""Notices, told by the real service."""

import itertools
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from groupbuy.kernel import clock
from groupbuy.kernel.db import transaction
from groupbuy.kernel.texts import Text
from groupbuy.notices import services
from groupbuy.notices.models import Notice
from groupbuy.notices.rules import NoticeKind

ZONE = ZoneInfo("Asia/Shanghai")

_numbers = itertools.count(1)


def told(
    shopper_id: str,
    kind: NoticeKind = NoticeKind.INACTIVITY,
    *,
    now: datetime | None = None,
    **fields: Any,
) -> Notice:
    """Tell a shopper something, of a new occasion unless a key is given."""
    with transaction():
        return services.notify(shopper_id=shopper_id, now=now or clock.now(), **words(kind, fields))


def words(kind: NoticeKind, fields: dict[str, Any]) -> dict[str, Any]:
    """Return what a notice says."""
    return {
        "kind": kind,
        "key": f"occasion{next(_numbers)}",
        "title": Text("继续学习", "Go on"),
        "body": Text("下一课在等您。", "Your next lesson is waiting."),
        "zone": ZONE,
        **fields,
    }
