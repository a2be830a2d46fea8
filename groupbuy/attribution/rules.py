"""Attribution, pure: what a touch does to a customer's lock, and whose an order is.

The rules are those of docs/domain.md, "Attribution"; times are aware datetimes, windows are
n x 24 hours and half-open.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from groupbuy.kernel.texts import Text


class Rule(StrEnum):
    """How an order can come to a leader: `assigned` by staff; `none` is a house order."""

    HOSTED = "hosted"
    LOCK = "lock"
    LINK = "link"
    PICKUP = "pickup"
    ASSIGNED = "assigned"
    NONE = "none"


CLAIMS = (Rule.HOSTED, Rule.LOCK, Rule.LINK, Rule.PICKUP)
"""The rules by which a leader can claim an order: what a policy puts in order of priority."""


class PolicyState(StrEnum):
    """A draft can be changed and thrown away; what is published never changes."""

    DRAFT = "draft"
    PUBLISHED = "published"


class Eligibility(StrEnum):
    """Which customers a touch can lock."""

    ALL = "all"
    NEW_CUSTOMER = "new_customer"


class Renewal(StrEnum):
    """What extends the expiry of a lock."""

    NONE = "none"
    PAID_ORDER = "paid_order"


class SelfPurchase(StrEnum):
    """Whether a leader's own orders earn."""

    PAY = "pay"
    NO_COMMISSION = "no_commission"


class Reason(StrEnum):
    """Why a candidate was accepted or rejected, and what a touch did."""

    ACCEPTED = "ACCEPTED"
    NO_CANDIDATE = "NO_CANDIDATE"
    LEADER_INACTIVE = "LEADER_INACTIVE"
    LOCK_EXPIRED = "LOCK_EXPIRED"
    TOUCH_TOO_OLD = "TOUCH_TOO_OLD"
    SELF = "SELF"
    NOT_ELIGIBLE_CUSTOMER = "NOT_ELIGIBLE_CUSTOMER"
    ALREADY_LOCKED = "ALREADY_LOCKED"
    LOCK_PROTECTED = "LOCK_PROTECTED"
    LOCKED = "LOCKED"
    LOCK_TAKEN_OVER = "LOCK_TAKEN_OVER"
    CLOSED_BY_STAFF = "CLOSED_BY_STAFF"


@dataclass(frozen=True, slots=True)
class Policy:
    """One version of the rules; the defaults are the policy of a new system.

    `validity_days` None never expires; `protect_days` None can never be taken over, 0 at any time.
    """

    version: int = 0
    priority: tuple[Rule, ...] = CLAIMS
    lookback_days: int = 7
    eligible: str = Eligibility.ALL
    validity_days: int | None = 365
    protect_days: int | None = 30
    renew: str = Renewal.PAID_ORDER
    self_purchase: str = SelfPurchase.NO_COMMISSION

    def expiry(self, at: datetime) -> datetime | None:
        """Return when a lock that is opened or renewed at an instant expires."""
        return None if self.validity_days is None else at + timedelta(days=self.validity_days)

    def pays(self, *, self_purchase: bool) -> bool:
        """Tell whether an order of a leader earns, given whether the leader is its shopper."""
        return not (self_purchase and self.self_purchase == SelfPurchase.NO_COMMISSION)


DEFAULT_POLICY = Policy()


@dataclass(frozen=True, slots=True)
class Lock:
    """A customer's lock on a leader; active in [locked_at, expires_at)."""

    leader_id: str
    locked_at: datetime
    expires_at: datetime | None

    def expired(self, at: datetime) -> bool:
        """Tell whether it is over at an instant."""
        return self.expires_at is not None and at >= self.expires_at

    def protected(self, policy: Policy, at: datetime) -> bool:
        """Tell whether another leader's touch cannot take it over yet."""
        if policy.protect_days is None:
            return True
        return at < self.locked_at + timedelta(days=policy.protect_days)

    def protected_until(self, policy: Policy) -> datetime | None:
        """Return from when on another leader's touch gets the customer, None for never."""
        if policy.protect_days is None:
            return self.expires_at
        protection = self.locked_at + timedelta(days=policy.protect_days)
        return protection if self.expires_at is None else min(protection, self.expires_at)


@dataclass(frozen=True, slots=True)
class Touch:
    """A customer came by a leader's share."""

    leader_id: str
    at: datetime
    by_leader_self: bool = False
    leader_active: bool = True
    customer_eligible: bool = True


@dataclass(frozen=True, slots=True)
class TouchOutcome:
    """What a touch did: the reason code, and the lock to open, closing any old one."""

    reason: Reason
    opened: Lock | None = None


def touch_outcome(
    policy: Policy, touch: Touch, lock: Lock | None, *, lock_leader_active: bool = True
) -> TouchOutcome:
    """Apply the touch table, first match wins."""
    if not touch.leader_active:
        return TouchOutcome(Reason.LEADER_INACTIVE)
    if touch.by_leader_self:
        return TouchOutcome(Reason.SELF)
    opened = Lock(touch.leader_id, touch.at, policy.expiry(touch.at))
    if lock is None or lock.expired(touch.at) or not lock_leader_active:
        if not touch.customer_eligible:
            return TouchOutcome(Reason.NOT_ELIGIBLE_CUSTOMER)
        return TouchOutcome(Reason.LOCKED, opened)
    if lock.leader_id == touch.leader_id:
        return TouchOutcome(Reason.ALREADY_LOCKED)
    if lock.protected(policy, touch.at):
        return TouchOutcome(Reason.LOCK_PROTECTED)
    return TouchOutcome(Reason.LOCK_TAKEN_OVER, opened)


@dataclass(frozen=True, slots=True)
class Candidate:
    """One possible leader of an order, with the reason for or against and its evidence's id."""

    rule: Rule
    leader_id: str | None
    accepted: bool
    reason: Reason
    evidence_id: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Return what is stored and shown."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Claim:
    """What speaks for a leader: who, whether active, and the row that proves it.

    `touched_at` is set for a link, `lock` for a lock.
    """

    leader_id: str
    leader_active: bool
    evidence_id: str | None = None
    touched_at: datetime | None = None
    lock: Lock | None = None


def weigh(
    policy: Policy, claims: Mapping[Rule, Claim | None], placed_at: datetime
) -> list[Candidate]:
    """Judge every rule's claim in the policy's order of priority."""
    return [_judge(policy, rule, claims.get(rule), placed_at) for rule in policy.priority]


def winner(candidates: Sequence[Candidate]) -> tuple[Rule, str | None]:
    """Return the first accepted candidate's rule and leader; (none, None) is a house order."""
    for candidate in candidates:
        if candidate.accepted:
            return candidate.rule, candidate.leader_id
    return Rule.NONE, None


def _judge(policy: Policy, rule: Rule, claim: Claim | None, placed_at: datetime) -> Candidate:
    if claim is None:
        return Candidate(rule, None, False, Reason.NO_CANDIDATE)
    reason = _objection(policy, claim, placed_at) or Reason.ACCEPTED
    accepted = reason is Reason.ACCEPTED
    return Candidate(rule, claim.leader_id, accepted, reason, claim.evidence_id)


def _objection(policy: Policy, claim: Claim, placed_at: datetime) -> Reason | None:
    if claim.lock is not None and claim.lock.expired(placed_at):
        return Reason.LOCK_EXPIRED
    if claim.touched_at is not None:
        age = placed_at - claim.touched_at
        if not timedelta(0) <= age < timedelta(days=policy.lookback_days):
            return Reason.TOUCH_TOO_OLD
    return None if claim.leader_active else Reason.LEADER_INACTIVE


class Fault(NamedTuple):
    """What is wrong with a draft of a policy, and where: a JSON pointer into it."""

    pointer: str
    text: Text


def publication_faults(
    *, effective_from: datetime, latest_from: datetime | None, now: datetime
) -> list[Fault]:
    """Return what stands against publishing a policy; `latest_from` is the latest one's start."""
    faults = []
    if effective_from < now:
        faults.append(Fault("/effective_from", BEGINS_IN_THE_PAST))
    if latest_from is not None and effective_from <= latest_from:
        faults.append(Fault("/effective_from", BEGINS_TOO_EARLY))
    return faults


BEGINS_IN_THE_PAST = Text("生效时间早于发布时间。", "It would take effect before its publication.")
BEGINS_TOO_EARLY = Text(
    "必须晚于已发布的最新政策。", "It must begin after the latest published policy."
)
