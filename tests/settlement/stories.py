"""Random stories of four months, and how they are told to the real services."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

from hypothesis import strategies as st

from groupbuy.commissions.models import CommissionLine
from groupbuy.holds import services as holds
from groupbuy.kernel.clock import next_month
from groupbuy.kernel.db import transaction
from tests.factories import commissions
from tests.factories.commissions import APPROVER, FINANCE, Stall
from tests.factories.settlement import HOLD_DAYS, SHANGHAI
from tests.settlement.naive import Hold, Month, Refund, Rule, Sale, Story, Transfer, Version

MONTHS = 4
LEVELS = (1, 2, 3)
LIFE = timedelta(days=70)
"""For so long things happen to a sale."""

BEGINNING = datetime.fromisoformat("2026-03-02T09:00+08:00")


def months(first: str = "2026-03") -> tuple[Month, ...]:
    """Return four months whose windows join."""
    found, name, opens = [], first, SHANGHAI.month_start(first)
    for _ in range(MONTHS):
        cutoff = SHANGHAI.cutoff(name, HOLD_DAYS)
        span = SHANGHAI.month_start(name), SHANGHAI.month_end(name)
        found.append(Month(name, *span, opens, cutoff))
        name, opens = next_month(name), cutoff
    return tuple(found)


def stories() -> st.SearchStrategy[Story]:
    """Draw stories. They are made by plain dice: what hypothesis prefers earns next to nothing."""
    return st.randoms(use_true_random=True).map(story_of)


def story_of(dice: Random) -> Story:
    """Return a story: up to three versions, the sales of three leaders, what became of them."""
    span = months()
    first = dice.choice([0, 0, dice.randrange(30)])
    days = sorted({first, *dice.sample(range(30), dice.randint(0, 2))})
    tape = _Tape(dice, span)
    for number in range(dice.randint(4, 9)):
        tape.sell(number)
    return Story(
        LEVELS,
        span,
        tuple(_version(dice, BEGINNING + timedelta(days=day)) for day in days),
        tuple(tape.sales),
        tuple(tape.refunds),
        tuple(tape.transfers),
        tuple(tape.holds),
    )


def _version(dice: Random, begins: datetime) -> Version:
    steps = [dice.randint(1, 8) * 50_000 for _ in range(dice.randrange(3))]
    quota = (dice.randint(1, 600_000), dice.randint(1, 5_000))
    return Version(
        begins,
        dice.choice(["marginal", "whole"]),
        tuple((sum(steps[:n]), dice.randrange(901)) for n in range(len(steps) + 1)),
        {level: dice.choice([0, 8_000, 11_111, 12_000]) for level in LEVELS if dice.random() < 0.5},
        {good: _rule(dice) for good in range(3) if dice.random() < 0.3},
        dice.choice([None, *(dice.randint(0, 25_000) for _ in range(4))]),
        dice.choice([None, quota]),
        dice.choice([0, 0, 15_000]),
        dice.choice(["line", "retier"]),
    )


def _rule(dice: Random) -> Rule:
    kind = dice.choice(["exclude", "flat", "replace"])
    most = {"exclude": 0, "flat": 5_000, "replace": 1_500}[kind]
    return Rule(kind, dice.randint(0, most), dice.random() < 0.7)


class _Tape:
    """What happens to the sales of a story; no two things at the same instant."""

    def __init__(self, dice: Random, span: Sequence[Month]) -> None:
        self.dice = dice
        self.span = span
        self.sales: list[Sale] = []
        self.refunds: list[Refund] = []
        self.transfers: list[Transfer] = []
        self.holds: list[Hold] = []
        self._instants: set[datetime] = set()

    def sell(self, number: int) -> None:
        """Let somebody sell something, and let things happen to it."""
        dice = self.dice
        completed = self._moment(BEGINNING, self.span[dice.choice([0, 0, 1, 2, 3])].ends)
        sale = Sale(
            number,
            dice.choice([0, 0, 0, 1, 2]),
            dice.randrange(3),
            dice.choice([0, 1, 333, *(dice.randrange(400_000) for _ in range(7))]),
            dice.randint(1, 4),
            completed - timedelta(days=dice.randrange(6)),
            completed,
            dice.random() < 0.1,
        )
        self.sales.append(sale)
        self._refund(sale)
        moves = sorted(self._after(sale) for _ in range(dice.choice([0, 0, 1, 2])))
        given = [Transfer(at, number, dice.choice([0, 1, 2, None])) for at in moves]
        self.transfers += given
        if dice.random() < 0.4:
            self._hold(sale, given)

    def _refund(self, sale: Sale) -> None:
        dice, fen, units = self.dice, sale.base, sale.units
        for at in sorted(self._after(sale) for _ in range(dice.choice([0, 1, 1, 2, 3]))):
            all_of_it = dice.random() < 0.3
            back_fen = fen if all_of_it else dice.randint(0, fen)
            back_units = units if all_of_it else dice.randint(0, units)
            fen, units = fen - back_fen, units - back_units
            self.refunds.append(Refund(at, sale.number, back_fen, back_units))

    def _hold(self, sale: Sale, given: Sequence[Transfer]) -> None:
        at = self._after(sale)
        before = [transfer.to for transfer in given if transfer.at < at]
        if before and before[-1] is None:
            return
        decided = self._moment(at, at + timedelta(days=50)) if self.dice.random() < 0.8 else None
        self.holds.append(Hold(at, sale.number, decided, self.dice.random() < 0.5))

    def _after(self, sale: Sale) -> datetime:
        return self._moment(sale.paid, min(self.span[-1].cutoff, sale.completed + LIFE))

    def _moment(self, earliest: datetime, latest: datetime) -> datetime:
        minutes = int((latest - earliest).total_seconds()) // 60
        while True:
            at = earliest + timedelta(minutes=self.dice.randrange(1, minutes))
            if at not in self._instants:
                self._instants.add(at)
                return at


def publish(version: Version, stalls: Sequence[Stall]) -> None:
    """Publish a version; good n is what the n-th leader's stall has."""
    rules = [
        {
            "kind": rule.kind,
            "target_kind": "sku",
            "target_id": stalls[good].sku_id,
            "rate_bps": rule.value if rule.kind == "replace" else None,
            "flat_fen_per_unit": rule.value if rule.kind == "flat" else None,
            "counts": rule.counts,
        }
        for good, rule in version.rules.items()
    ]
    quota = version.quota
    commissions.published(
        version.tiers,
        now=BEGINNING,
        effective_from=version.begins,
        mode=version.mode,
        item_rules=rules,
        level_multipliers={str(level): bps for level, bps in version.multipliers.items()},
        cap_fen=version.cap,
        quota_bonus={"quota_fen": quota[0], "bonus_fen": quota[1]} if quota else None,
        guarantee_fen=version.guarantee,
        clawback_mode=version.clawback,
    )


def tell(story: Story, stalls: Sequence[Stall]) -> None:
    """Let everything of a story happen, in its order, by the services that record it."""
    for version in story.versions:
        publish(version, stalls)
    lines = [_sold(sale, stalls) for sale in story.sales]
    events: list[tuple[datetime, Any]] = [(refund.at, refund) for refund in story.refunds]
    events += [(transfer.at, transfer) for transfer in story.transfers]
    events += [(hold.at, hold) for hold in story.holds]
    events += [(hold.decided, hold) for hold in story.holds if hold.decided is not None]
    placed: dict[int, str] = {}
    for at, event in sorted(events, key=lambda pair: pair[0]):
        line = lines[event.sale]
        if isinstance(event, Refund):
            commissions.refund(line, event.fen, quantity=event.units, at=at)
        elif isinstance(event, Transfer):
            to = None if event.to is None else stalls[event.to]
            commissions.transferred(line, to, at=at)
        elif at == event.at:
            placed[event.sale] = _held(line, at)
        else:
            _decided(placed[event.sale], at, rejected=event.rejected)


def _sold(sale: Sale, stalls: Sequence[Stall]) -> CommissionLine:
    good = stalls[sale.good]
    stall = replace(
        stalls[sale.seller],
        sku_id=good.sku_id,
        product_id=good.product_id,
        category_ids=good.category_ids,
    )
    return stall.sell(
        sale.base,
        at=sale.completed,
        paid_at=sale.paid,
        quantity=sale.units,
        commissionable=not sale.own,
    )


def _held(line: CommissionLine, at: datetime) -> str:
    with transaction():
        hold = holds.place_by_hand(order_id=line.order_id, reason="odd", actor=FINANCE, now=at)
    return hold.id


def _decided(hold_id: str, at: datetime, *, rejected: bool) -> None:
    decide = holds.reject if rejected else holds.release
    with transaction():
        decide(hold_id=hold_id, reason="looked at", actor=APPROVER, now=at)
