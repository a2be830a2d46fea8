"""Random stories of four months, and how they are told to the real services."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
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


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    """Draw an item rule."""
    kind = draw(st.sampled_from(["exclude", "flat", "replace"]))
    most = {"exclude": 0, "flat": 5_000, "replace": 1_500}[kind]
    return Rule(kind, draw(st.integers(0, most)), draw(st.booleans()))


@st.composite
def versions(draw: st.DrawFn, begins: datetime) -> Version:
    """Draw a version of the plan."""
    mode = draw(st.sampled_from(["marginal", "whole"]))
    steps = draw(st.lists(st.integers(1, 8), max_size=2))
    rates = draw(st.lists(st.integers(0, 900), min_size=len(steps) + 1, max_size=len(steps) + 1))
    starts = [sum(steps[:n]) * 50_000 for n in range(len(steps) + 1)]
    return Version(
        begins,
        mode,
        tuple(zip(starts, rates, strict=True)),
        draw(st.dictionaries(st.sampled_from(LEVELS), st.integers(0, 12_000), max_size=2)),
        draw(st.dictionaries(st.integers(0, 2), rules(), max_size=2)),
        draw(st.none() | st.integers(0, 30_000)),
        draw(st.none() | st.tuples(st.integers(1, 400_000), st.integers(0, 5_000))),
        draw(st.sampled_from([0, 0, 15_000])),
        draw(st.sampled_from(["line", "retier"])),
    )


@st.composite
def stories(draw: st.DrawFn) -> Story:
    """Draw a story: up to three versions, sales of three leaders, what became of them."""
    span = months()
    days = draw(st.lists(st.integers(0, 90), min_size=1, max_size=3, unique=True))
    minutes = iter(draw(st.permutations(range(200))))

    def moment(earliest: datetime, latest: datetime) -> datetime:
        hours = int((latest - earliest).total_seconds()) // 3600 - 4
        return earliest + timedelta(hours=draw(st.integers(0, hours)), minutes=next(minutes))

    sales, refunds, transfers, looked_at = [], [], [], []
    for number in range(draw(st.integers(1, 7))):
        completed = moment(BEGINNING, span[-1].ends)
        sale = Sale(
            number,
            draw(st.integers(0, 2)),
            draw(st.integers(0, 2)),
            draw(st.sampled_from([0, 1, 333, 77_777]) | st.integers(0, 400_000)),
            draw(st.integers(1, 4)),
            completed - timedelta(days=draw(st.integers(0, 6))),
            completed,
            draw(st.sampled_from([False, False, False, True])),
        )
        sales.append(sale)
        fen, units = sale.base, sale.units
        for at in sorted(
            moment(sale.paid, span[-1].cutoff) for _ in range(draw(st.integers(0, 3)))
        ):
            back = draw(st.just(fen) | st.integers(0, fen)), draw(st.integers(0, units))
            fen, units = fen - back[0], units - back[1]
            refunds.append(Refund(at, number, *back))
        moves = sorted(moment(sale.paid, span[-1].cutoff) for _ in range(draw(st.integers(0, 2))))
        transfers += [Transfer(at, number, draw(st.sampled_from([0, 1, 2, None]))) for at in moves]
        if draw(st.sampled_from([False, False, True])):
            at = moment(sale.paid, span[-1].cutoff)
            of = [t.to for t in transfers if t.sale == number and t.at < at]
            if not of or of[-1] is not None:
                decided = draw(st.none() | st.just(moment(at, span[-1].cutoff + timedelta(days=9))))
                looked_at.append(Hold(at, number, decided, draw(st.booleans())))
    return Story(
        LEVELS,
        span,
        tuple(draw(versions(BEGINNING + timedelta(days=day))) for day in sorted(days)),
        tuple(sales),
        tuple(refunds),
        tuple(transfers),
        tuple(looked_at),
    )


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
    events: list[tuple[datetime, Any]] = [
        (event.at, event) for event in (*story.refunds, *story.transfers, *story.holds)
    ]
    placed: dict[int, str] = {}
    events += [(hold.decided, hold) for hold in story.holds if hold.decided is not None]
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
