"""Handing over, pure: pickup codes, what a scanner reads, and who fetched."""

import re
import secrets
from collections.abc import Container
from enum import StrEnum

CODE_DIGITS = 8
_SCANNED = re.compile(r"gb:(?P<point>ppt_[0-9a-f]{32}):(?P<code>[0-9]{8})")


class PickedUpBy(StrEnum):
    """Who fetched a parcel."""

    SHOPPER = "shopper"
    PROXY = "proxy"


class ProxyState(StrEnum):
    """Where a shopper's word for somebody else stands."""

    OPEN = "open"
    REVOKED = "revoked"
    USED = "used"


class ProxyAction(StrEnum):
    """What becomes of it."""

    REVOKE = "revoke"
    USE = "use"
    UNDO = "undo"


PROXY_MOVES: dict[tuple[ProxyState, ProxyAction], ProxyState] = {
    (ProxyState.OPEN, ProxyAction.REVOKE): ProxyState.REVOKED,
    (ProxyState.OPEN, ProxyAction.USE): ProxyState.USED,
    (ProxyState.USED, ProxyAction.UNDO): ProxyState.OPEN,
}


def new_code(taken: Container[str]) -> str:
    """Draw an 8-digit code that nobody who fetches at the pickup point has."""
    while True:
        code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"
        if code not in taken:
            return code


def scannable(*, pickup_point_id: str, code: str) -> str:
    """Return what the QR code of a pickup code says."""
    return f"gb:{pickup_point_id}:{code}"


def read_code(text: str) -> tuple[str | None, str]:
    """Return the point that a scanned text names, if any, and the code; 8 digits are a code."""
    found = _SCANNED.fullmatch(text)
    return (found["point"], found["code"]) if found else (None, text)
