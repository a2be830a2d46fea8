"""The quote, pure: a pipeline of steps, each keeping what it gave to each line.

The order of the steps is that of docs/domain.md, "Price". A step is a function of the whole quote
and of the occasion: who buys, where, and what is in force.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from groupbuy.kernel.texts import Text
from groupbuy.pricing.rules import coupons
from groupbuy.pricing.rules.coupons import Coupon, CouponFault, CouponKind, Refusal
from groupbuy.pricing.rules.promotions import (
    Candidate,
    Gain,
    Giveaway,
    Promotion,
    Step,
    winners,
)
from groupbuy.pricing.rules.quotes import (
    MEMBER,
    UNIT_PRICE,
    Effect,
    Offer,
    Quote,
    QuotedLine,
    yuan,
)

HOUSE = "house"


@dataclass(frozen=True, slots=True)
class Delivery:
    """What delivery to a pickup point costs on an order from the house.

    From `free_from_fen` of goods on, after every discount, it is free; 0 means never.
    """

    fee_fen: int = 0
    free_from_fen: int = 0


FREE = Delivery()


@dataclass(frozen=True, slots=True)
class Occasion:
    """Who buys, where (None: from the house), and what is in force; a coupon if one is used."""

    campaign_id: str | None = None
    member: bool = False
    newcomer: bool = False
    promotions: tuple[Promotion, ...] = ()
    giveaways: Mapping[str, Giveaway] = field(default_factory=dict)
    coupon: Coupon | None = None
    delivery: Delivery = FREE

    def promotions_of(self, step: Step) -> list[Promotion]:
        """Return the promotions of a step that are for this buyer at this place."""
        return [
            promotion
            for promotion in self.promotions
            if step == promotion.kind.STEP
            and promotion.scope.is_here(self.campaign_id)
            and (self.member or not promotion.members_only)
            and (self.newcomer or not promotion.newcomers_only)
        ]


NOTHING = Occasion()
PipelineStep = Callable[[Quote, Occasion], Quote]


def unit_price(quote: Quote, occasion: Occasion) -> Quote:
    """Step 1: the campaign's price, else the member's, else the SKU's."""
    return replace(quote, lines=tuple(_priced(line) for line in quote.lines))


def _priced(line: QuotedLine) -> QuotedLine:
    price_fen, source = line.offer.unit_price_fen, line.offer.source
    word = Text("会员价", "Member price") if source == MEMBER else Text("单价", "Unit price")
    text = Text(
        f"{word.zh} {yuan(price_fen)} × {line.quantity}",
        f"{word.en} {yuan(price_fen)} × {line.quantity}",
    )
    return line.with_effect(Effect(UNIT_PRICE, source, price_fen * line.quantity, text))


def gifts(quote: Quote, occasion: Occasion) -> Quote:
    """Step 2: buy N get M, and gifts, as far as there are any left to give."""
    for winner in winners(_candidates(Step.GIFTS, quote, occasion)):
        quote = _given(_reduced(quote, winner), winner, occasion.giveaways)
    return quote


def reduction(quote: Quote, occasion: Occasion) -> Quote:
    """Step 3: threshold reductions (满减), measured on the lines as the step found them."""
    for winner in winners(_candidates(Step.REDUCTION, quote, occasion)):
        quote = _reduced(quote, winner)
    return quote


def coupon(quote: Quote, occasion: Occasion) -> Quote:
    """Step 4: one coupon, if it applies; one for the delivery waits for the next step."""
    one = occasion.coupon
    if one is None or _refused(one, quote, occasion):
        return quote
    return coupons.redeem(one, quote)


def delivery(quote: Quote, occasion: Occasion) -> Quote:
    """Step 5: what delivery costs on an order from the house, and who waives it."""
    fee_fen, free_from_fen = occasion.delivery.fee_fen, occasion.delivery.free_from_fen
    if occasion.campaign_id is not None or fee_fen == 0:
        return quote
    before_fee = quote
    quote = quote.with_delivery(
        Effect(Step.DELIVERY, HOUSE, fee_fen, Text("配送费", "Delivery fee"))
    )
    if 0 < free_from_fen <= quote.paid_goods_fen:
        text = Text(f"满{yuan(free_from_fen)}免配送费", f"Free from {yuan(free_from_fen)}")
        return quote.with_delivery(Effect(Step.DELIVERY, HOUSE, -fee_fen, text))
    one = occasion.coupon
    alone = one is None or not before_fee.used(one.id)
    waivers = _candidates(Step.DELIVERY, before_fee, occasion)
    for winner in winners([w for w in waivers if alone or w.promotion.stacks_with_coupon]):
        return quote.with_delivery(winner.promotion.effect(winner.gain, -fee_fen))
    if one is None or one.kind != CouponKind.DELIVERY or _refused(one, before_fee, occasion):
        return quote
    return quote.with_delivery(one.effect(-_waived(one, fee_fen)))


PROMOTION_STEPS: tuple[PipelineStep, ...] = (unit_price, gifts, reduction)
LAST_STEPS: tuple[PipelineStep, ...] = (coupon, delivery)


def quote(
    demand: Mapping[str, int], offers: Mapping[str, Offer], occasion: Occasion = NOTHING
) -> Quote:
    """Run the pipeline over a demand per SKU; every SKU needs an offer."""
    return finished(before_coupon(demand, offers, occasion), occasion)


def before_coupon(
    demand: Mapping[str, int], offers: Mapping[str, Offer], occasion: Occasion
) -> Quote:
    """Run the steps that no coupon changes."""
    asked = Quote(tuple(QuotedLine(offers[sku], n) for sku, n in demand.items()))
    return _run(PROMOTION_STEPS, asked, occasion)


def finished(half: Quote, occasion: Occasion) -> Quote:
    """Run the steps from the coupon on, with the occasion's one or without."""
    whole = _run(LAST_STEPS, half, occasion)
    if whole.delivery_fen < 0 or any(line.amount_fen < 0 for line in whole.lines):
        raise ValueError("a step drove a line below 0")
    return whole


def refusal(half: Quote, one: Coupon, occasion: Occasion) -> Refusal | None:
    """Tell why a coupon gives nothing to a quote before its coupon step, None if it does."""
    refused = _refused(one, half, occasion)
    if refused is not None or saving(half, one, occasion) > 0:
        return refused
    return Refusal(CouponFault.NOTHING_TO_REDUCE)


def saving(half: Quote, one: Coupon, occasion: Occasion) -> int:
    """Return how much less a quote costs with a coupon, in fen."""
    without = finished(half, replace(occasion, coupon=None))
    return without.total_fen - finished(half, replace(occasion, coupon=one)).total_fen


def _run(steps: tuple[PipelineStep, ...], quote: Quote, occasion: Occasion) -> Quote:
    for step in steps:
        quote = step(quote, occasion)
    return quote


def _refused(one: Coupon, half: Quote, occasion: Occasion) -> Refusal | None:
    return coupons.refusal(one, half, campaign_id=occasion.campaign_id)


def _waived(one: Coupon, fee_fen: int) -> int:
    return fee_fen if one.off_fen is None else min(one.off_fen, fee_fen)


def _candidates(step: Step, quote: Quote, occasion: Occasion) -> list[Candidate]:
    """Return the promotions of a step that would give something, and to which lines."""
    found = []
    for promotion in occasion.promotions_of(step):
        lines = promotion.scope.eligible(quote.lines)
        gain = promotion.kind.gain(promotion.terms, lines) if lines else None
        gain = gain and replace(gain, gifts=_there(gain.gifts, quote, occasion.giveaways))
        if gain is not None and gain.anything:
            skus = frozenset(line.offer.sku_id for line in lines)
            found.append(Candidate(promotion, skus, gain, _worth(gain, occasion)))
    return found


def _there(
    gifts: Mapping[str, int], quote: Quote, giveaways: Mapping[str, Giveaway]
) -> dict[str, int]:
    """Return as much of some gifts as is left beside what the quote takes already."""
    taken = quote.demands()
    there = {}
    for sku_id, units in gifts.items():
        giveaway = giveaways.get(sku_id)
        if giveaway is not None:
            left = giveaway.available - taken.get(giveaway.offer.pool_id, 0)
            there[sku_id] = max(0, min(units, left))
    return there


def _worth(gain: Gain, occasion: Occasion) -> int:
    given = sum(units * occasion.giveaways[sku].worth_fen for sku, units in gain.gifts.items())
    fee_fen = occasion.delivery.fee_fen if gain.waives_delivery else 0
    return sum(gain.off_fen.values()) + given + fee_fen


def _reduced(quote: Quote, winner: Candidate) -> Quote:
    """Take off what a promotion gives, never more than a line still costs."""
    left = {line.offer.sku_id: line.amount_fen for line in quote.bought}
    off = {sku: min(fen, left[sku]) for sku, fen in winner.gain.off_fen.items()}
    if not winner.promotion.stacks_with_coupon:
        quote = replace(quote, closed_skus=quote.closed_skus | winner.sku_ids)
    return quote.with_effects(
        {sku: winner.promotion.effect(winner.gain, -fen) for sku, fen in off.items() if fen}
    )


def _given(quote: Quote, winner: Candidate, giveaways: Mapping[str, Giveaway]) -> Quote:
    """Add what a promotion gives as lines at price 0, as far as it is still there."""
    for sku_id, units in _there(winner.gain.gifts, quote, giveaways).items():
        if units:
            quote = _with_gift(quote, giveaways[sku_id].offer, units, winner)
    return quote


def _with_gift(quote: Quote, offer: Offer, units: int, winner: Candidate) -> Quote:
    """Add units to the line of a gift, or such a line."""
    effect = winner.promotion.effect(winner.gain, 0)
    lines = list(quote.lines)
    for place, line in enumerate(lines):
        if line.gift and line.offer.sku_id == offer.sku_id:
            lines[place] = replace(line.with_effect(effect), quantity=line.quantity + units)
            return replace(quote, lines=tuple(lines))
    given = QuotedLine(offer, units, gift=True).with_effect(effect)
    return replace(quote, lines=(*lines, given))
