"""Certificates: their numbers, how long they hold, when they can be renewed, who may read what.

The state at an instant follows from dates; only a revocation is decided. All days are those of
the business time zone, and a certificate holds until the end of the day on which it expires.
"""

import re
import secrets
from datetime import date, timedelta
from enum import StrEnum


class CertificationState(StrEnum):
    """Whether a certification is given to leaders."""

    DRAFT = "draft"
    PUBLISHED = "published"
    RETIRED = "retired"


CERTIFICATION_MOVES: dict[tuple[CertificationState, str], CertificationState] = {
    (CertificationState.DRAFT, "publish"): CertificationState.PUBLISHED,
    (CertificationState.PUBLISHED, "retire"): CertificationState.RETIRED,
    (CertificationState.RETIRED, "publish"): CertificationState.PUBLISHED,
}


class CertificateState(StrEnum):
    """Where a leader stands with a certification."""

    IN_PROGRESS = "in_progress"
    CERTIFIED = "certified"
    EXPIRING = "expiring"
    EXPIRED = "expired"
    REVOKED = "revoked"


VALID = (CertificateState.CERTIFIED, CertificateState.EXPIRING)
"""States in which a certificate holds."""


class TermCause(StrEnum):
    """Why a certificate holds for a period."""

    PROGRAM_COMPLETED = "program_completed"
    ISSUED_BY_HAND = "issued_by_hand"
    ASSESSMENT_PASSED = "assessment_passed"
    RENEWED_BY_HAND = "renewed_by_hand"


def state_on(
    today: date, *, expires_on: date | None, window_days: int, revoked: bool
) -> CertificateState:
    """Return the state of a certificate on a day; without an expiry it holds for good."""
    if revoked:
        return CertificateState.REVOKED
    if expires_on is None or today < renewable_from(expires_on, window_days):
        return CertificateState.CERTIFIED
    return CertificateState.EXPIRING if today <= expires_on else CertificateState.EXPIRED


def renewable_from(expires_on: date, window_days: int) -> date:
    """Return the first day on which a renewal counts."""
    return expires_on - timedelta(days=window_days)


def first_expiry(earned_on: date, validity_days: int) -> date | None:
    """Return the day on which a new certificate expires; None if it is for good (0 days)."""
    return earned_on + timedelta(days=validity_days) if validity_days else None


def renewed_expiry(
    expires_on: date, done_on: date, *, validity_days: int, window_days: int
) -> date | None:
    """Return the next expiry after a renewal, or None if there is nothing to renew yet.

    Within the window it counts from the old expiry, so that no time is lost; after the expiry
    from the day on which the renewal was done (G15, G16).
    """
    if done_on < renewable_from(expires_on, window_days):
        return None
    return max(expires_on, done_on) + timedelta(days=validity_days)


GROUPS = (4, 4, 4, 4, 2)
_DIGITS = sum(GROUPS) - 2


def new_number(year: int) -> str:
    """Return a number `2026-4831-0975-2264-57`: year, twelve digits by lot, two check digits.

    Nobody can guess another's from it, and it can be read aloud.
    """
    return grouped(checked(f"{year:04}{secrets.randbelow(10**12):012}"))


def checked(digits: str) -> str:
    """Return digits with their two check digits (ISO/IEC 7064, MOD 97-10)."""
    return f"{digits}{98 - int(digits) * 100 % 97:02}"


def grouped(digits: str) -> str:
    """Return digits as they are printed, in groups."""
    parts, at = [], 0
    for length in GROUPS:
        parts.append(digits[at : at + length])
        at += length
    return "-".join(parts)


def read_number(written: str) -> str | None:
    """Return a number as it is stored, whatever stands between its digits; None if mistyped."""
    digits = re.sub(r"[\s\u2010-\u2015-]", "", written)
    if not (digits.isascii() and digits.isdecimal() and len(digits) == _DIGITS + 2):
        return None
    return grouped(digits) if checked(digits[:_DIGITS]) == digits else None


def masked(name: str) -> str:
    """Return a name of which a stranger sees the first character: 梅*, M**; never all of it."""
    return f"{name[0]}{'*' * min(len(name) - 1, 2)}" if len(name) > 1 else "*"
