"""Whom a plan holds for, and what it pays for a month beside the sales."""

from enum import StrEnum
from typing import NamedTuple

from groupbuy.commissions.rules.terms import (
    ClawbackMode,
)


class Scope(StrEnum):
    """Whom a plan is assigned to, the nearest first."""

    LEADER = "leader"
    REGION = "region"
    LEVEL = "level"
    EVERYONE = "everyone"


class AssignmentState(StrEnum):
    """An assignment is proposed by one person and decided by another."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    REJECTED = "rejected"


class CohostState(StrEnum):
    """A host proposes to share a session, a guest answers."""

    PROPOSED = "proposed"
    AGREED = "agreed"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


class SimulationState(StrEnum):
    """A simulation runs until it is done, or until somebody stops it."""

    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"


class Basis(StrEnum):
    """What a recruiter's override is a share of: the recruit's commission, or their volume."""

    COMMISSION = "commission"
    VOLUME = "volume"


class QuotaBonus(NamedTuple):
    """A volume of at least `quota_fen` in a month earns `bonus_fen` more."""

    quota_fen: int
    bonus_fen: int


class Override(NamedTuple):
    """What a recruiter gets for each direct recruit; `months` since the recruit began, or ever."""

    bps: int
    basis: str = Basis.COMMISSION
    months: int | None = None


class MonthlyExtras(NamedTuple):
    """What a plan version pays for a month beside its sales, and how it takes back.

    `bonus_qualification` is what a leader must hold at the end of the month for quota and rank.
    """

    quota: QuotaBonus | None = None
    rank_bonuses_fen: tuple[int, ...] = ()
    guarantee_fen: int = 0
    override: Override | None = None
    clawback_mode: ClawbackMode = ClawbackMode.LINE
    bonus_qualification: str | None = None


class Standing(NamedTuple):
    """Where a leader stands: the level, and the region as it is written with the leader."""

    level: int
    region: str


class MonthlyTerms(NamedTuple):
    """What holds for a leader's month as a whole, and by which assignment (None: the default)."""

    version_id: str
    plan_id: str
    assignment_id: str | None
    extras: MonthlyExtras
