"""Coupons, pure: their life, what one takes off, and why one does not apply."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from groupbuy.kernel.money import allocate, half_up, share
from groupbuy.kernel.texts import Text
from groupbuy.pricing.rules.quotes import Effect, Quote, QuotedLine, yuan
from groupbuy.pricing.rules.scopes import EVERYTHING, Scope

COUPON = "coupon"


class CouponKind(StrEnum):
    """What a coupon takes off."""

    FIXED = "fixed"
    PERCENTAGE = "percentage"
    DELIVERY = "delivery"


class BatchState(StrEnum):
    """Where a batch of coupons stands: only a published one gives coupons out."""

    DRAFT = "draft"
    PUBLISHED = "published"
    PAUSED = "paused"
    ENDED = "ended"


BATCH_MOVES: dict[tuple[BatchState, str], BatchState] = {
    (BatchState.DRAFT, "publish"): BatchState.PUBLISHED,
    (BatchState.PAUSED, "publish"): BatchState.PUBLISHED,
    (BatchState.PUBLISHED, "pause"): BatchState.PAUSED,
    (BatchState.DRAFT, "end"): BatchState.ENDED,
    (BatchState.PUBLISHED, "end"): BatchState.ENDED,
    (BatchState.PAUSED, "end"): BatchState.ENDED,
}


class CouponState(StrEnum):
    """Where one coupon stands; one that is claimed expires by the clock (`coupon_state_at`)."""

    CLAIMED = "claimed"
    RESERVED = "reserved"
    USED = "used"


COUPON_MOVES: dict[tuple[CouponState, str], CouponState] = {
    (CouponState.CLAIMED, "reserve"): CouponState.RESERVED,
    (CouponState.RESERVED, "use"): CouponState.USED,
    (CouponState.RESERVED, "give_back"): CouponState.CLAIMED,
    (CouponState.USED, "give_back"): CouponState.CLAIMED,
}

EXPIRED = "expired"
SHOWN_STATES = (*CouponState, EXPIRED)


def coupon_state_at(state: str, expires_at: datetime, now: datetime) -> str:
    """Return a coupon's state at an instant."""
    return EXPIRED if state == CouponState.CLAIMED and now >= expires_at else state


class IssueState(StrEnum):
    """Where the issue of a batch to many shoppers stands."""

    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"


ISSUE_MOVES: dict[tuple[IssueState, str], IssueState] = {
    (IssueState.RUNNING, "finish"): IssueState.DONE,
    (IssueState.RUNNING, "stop"): IssueState.STOPPED,
}


class CouponFault(StrEnum):
    """Why a coupon does not apply to a basket."""

    NOT_YOURS = "not_yours"
    NOT_FREE = "not_free"
    NOT_STARTED = "not_started"
    EXPIRED = "expired"
    NOT_HERE = "not_here"
    NO_ELIGIBLE_GOODS = "no_eligible_goods"
    NOT_WITH_PROMOTION = "not_with_promotion"
    THRESHOLD_NOT_REACHED = "threshold_not_reached"
    NOTHING_TO_REDUCE = "nothing_to_reduce"


@dataclass(frozen=True, slots=True)
class Coupon:
    """A coupon as the pipeline sees it: valid in [starts_at, expires_at).

    `off_fen` is what a fixed one takes off, or at most what a delivery one waives (None: the
    whole fee); `off_bps` and `cap_fen` belong to a percentage.
    """

    id: str
    title: Text
    kind: str
    starts_at: datetime
    expires_at: datetime
    off_fen: int | None = None
    off_bps: int | None = None
    cap_fen: int | None = None
    from_fen: int = 0
    scope: Scope = EVERYTHING
    platform_funded: bool = False
    free: bool = True

    def effect(self, effect_fen: int) -> Effect:
        """Return what it did, in words."""
        platform_fen = effect_fen if self.platform_funded else 0
        return Effect(COUPON, self.id, effect_fen, self.in_words(), platform_fen)

    def in_words(self) -> Text:
        """Say what it is."""
        zh, en = f"优惠券“{self.title.zh}”", f'Coupon "{self.title.en}"'
        if self.from_fen:
            zh, en = f"{zh}（满{yuan(self.from_fen)}）", f"{en} (from {yuan(self.from_fen)})"
        return Text(zh, en)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a coupon does not apply; `missing_fen` is what the eligible goods lack."""

    fault: CouponFault
    missing_fen: int = 0


def refusal(coupon: Coupon, quote: Quote, *, campaign_id: str | None) -> Refusal | None:
    """Tell why a coupon does not apply to a quote before its coupon step, None if it does.

    Whether a delivery coupon finds a fee to waive is seen only after the delivery step.
    """
    if not coupon.scope.is_here(campaign_id):
        return Refusal(CouponFault.NOT_HERE)
    named = coupon.scope.eligible(quote.lines)
    if not named:
        return Refusal(CouponFault.NO_ELIGIBLE_GOODS)
    lines = eligible(coupon, quote)
    if not lines:
        return Refusal(CouponFault.NOT_WITH_PROMOTION)
    amount_fen = sum(line.amount_fen for line in lines)
    if amount_fen < coupon.from_fen:
        return Refusal(CouponFault.THRESHOLD_NOT_REACHED, coupon.from_fen - amount_fen)
    if coupon.kind != CouponKind.DELIVERY and off_goods(coupon, amount_fen) == 0:
        return Refusal(CouponFault.NOTHING_TO_REDUCE)
    return None


def untimely(coupon: Coupon, now: datetime) -> Refusal | None:
    """Tell whether a coupon is held by an order, or its time has not come or is over."""
    if not coupon.free:
        return Refusal(CouponFault.NOT_FREE)
    if now < coupon.starts_at:
        return Refusal(CouponFault.NOT_STARTED)
    return Refusal(CouponFault.EXPIRED) if now >= coupon.expires_at else None


def eligible(coupon: Coupon, quote: Quote) -> list[QuotedLine]:
    """Return the lines that a coupon may reduce."""
    lines = coupon.scope.eligible(quote.lines)
    return [line for line in lines if line.offer.sku_id not in quote.closed_skus]


def off_goods(coupon: Coupon, amount_fen: int) -> int:
    """Return what a coupon takes off eligible goods of this amount: never more than it."""
    if coupon.kind == CouponKind.FIXED:
        return min(coupon.off_fen or 0, amount_fen)
    if coupon.kind == CouponKind.PERCENTAGE:
        off_fen = half_up(share(amount_fen, coupon.off_bps or 0))
        return min(off_fen, amount_fen, off_fen if coupon.cap_fen is None else coupon.cap_fen)
    return 0


def redeem(coupon: Coupon, quote: Quote) -> Quote:
    """Spread what a coupon takes off over its eligible lines, by what each costs."""
    lines = eligible(coupon, quote)
    amounts = [line.amount_fen for line in lines]
    parts = allocate(off_goods(coupon, sum(amounts)), amounts)
    return quote.with_effects(
        {
            line.offer.sku_id: coupon.effect(-part)
            for line, part in zip(lines, parts, strict=True)
            if part
        }
    )
