"""Plans from draft to publication, and what orders bring: lines, completions, refunds."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, literal, select, text, update
from sqlalchemy.dialects.postgresql import insert

from groupbuy.commissions import queries
from groupbuy.commissions.errors import PlanCodeTaken, PlanNotPublishable, PublisherIsAuthor
from groupbuy.commissions.models import (
    CommissionLine,
    CommissionRefund,
    Plan,
    PlanVersion,
    VersionState,
)
from groupbuy.commissions.rules.publication import publication_faults
from groupbuy.commissions.rules.terms import (
    ClawbackMode,
    Exclusion,
    ItemRule,
    RuleKind,
    choose_rule,
    freeze,
    rule_book,
)
from groupbuy.kernel import audit
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import session
from groupbuy.kernel.money import BPS
from groupbuy.kernel.problems import NotInThisState, StaleVersion


def create_plan(*, code: str, name: str, actor: Actor, now: datetime) -> Plan:
    """Create a plan without versions; the first one is the default, everybody's.

    Raises:
        PlanCodeTaken: another plan has the code.
    """
    # A plan is created a few times a year: taking turns is the simplest way to one default.
    session().execute(text("lock table commission_plans in share row exclusive mode"))
    if session().scalar(select(Plan.id).where(Plan.code == code)) is not None:
        raise PlanCodeTaken
    first = session().scalar(select(func.count()).select_from(Plan)) == 0
    plan = Plan(code=code, name=name, is_default=first, created_by=actor.label, created_at=now)
    session().add(plan)
    session().flush()
    audit.record(actor=actor, action="plan.create", subject=plan.id, now=now, code=code)
    return plan


def create_version(
    *,
    plan_id: str,
    effective_from: datetime,
    mode: str,
    tiers: Sequence[Sequence[int]],
    item_rules: Sequence[dict[str, Any]] = (),
    level_multipliers: dict[str, int] | None = None,
    cap_fen: int | None = None,
    clawback_mode: str = ClawbackMode.LINE,
    actor: Actor,
    now: datetime,
) -> PlanVersion:
    """Draft a plan's next version.

    Args:
        plan_id: the plan.
        effective_from: the first instant at which it holds.
        mode: `marginal` or `whole`.
        tiers: [[from_fen, rate_bps], …], ascending from 0.
        item_rules: the fields of `rules.ItemRule` each.
        level_multipliers: {"level": bps}; a level that is not named earns x 1.
        cap_fen: the most a leader can earn in a month, None without limit.
        clawback_mode: how refunds after the settlement take back.
        actor: who drafts.
        now: when.
    """
    queries.locked_plan(plan_id)
    last = select(func.max(PlanVersion.number)).where(PlanVersion.plan_id == plan_id)
    version = PlanVersion(
        plan_id=plan_id,
        number=(session().scalar(last) or 0) + 1,
        effective_from=effective_from,
        mode=mode,
        tiers=[list(tier) for tier in tiers],
        item_rules=list(item_rules),
        level_multipliers=level_multipliers or {},
        cap_fen=cap_fen,
        clawback_mode=clawback_mode,
        created_by=actor.label,
        created_at=now,
        edited_by=actor.label,
    )
    session().add(version)
    session().flush()
    return version


def edit_version(
    *, plan_id: str, number: int, if_match: int, actor: Actor, **changes: Any
) -> PlanVersion:
    """Change a draft: any field of `create_version`.

    Raises:
        NotInThisState: it is published.
        StaleVersion: it changed since it was read.
    """
    version = _draft(plan_id, number, if_match, "edit")
    for field, value in changes.items():
        setattr(version, field, value)
    version.edited_by = actor.label
    session().flush()
    return version


def discard_version(
    *, plan_id: str, number: int, if_match: int, actor: Actor, now: datetime
) -> None:
    """Throw a draft away.

    Raises:
        NotInThisState: it is published.
        StaleVersion: it changed since it was read.
    """
    version = _draft(plan_id, number, if_match, "discard")
    audit.record(
        actor=actor, action="plan_version.discard", subject=version.id, now=now, number=number
    )
    session().delete(version)
    session().flush()


def publish_version(
    *,
    plan_id: str,
    number: int,
    if_match: int,
    max_total_bps: int,
    actor: Actor,
    now: datetime,
) -> PlanVersion:
    """Publish a draft as it was when its version was `if_match`; from then on it never changes.

    Raises:
        NotInThisState: it is published.
        StaleVersion: it is not what the publisher read.
        PublisherIsAuthor: the actor wrote or changed it.
        PlanNotPublishable: with every fault found.
    """
    queries.locked_plan(plan_id)
    version = _draft(plan_id, number, if_match, "publish")
    if actor.label in (version.created_by, version.edited_by):
        raise PublisherIsAuthor
    faults = publication_faults(
        tiers=version.table.tiers,
        item_rules=version.rules,
        multipliers_bps=version.level_multipliers.values(),
        clawback_mode=ClawbackMode(version.clawback_mode),
        effective_from=version.effective_from,
        latest_from=queries.latest_effective_from(plan_id),
        now=now,
        max_total_bps=max_total_bps,
    )
    if faults:
        raise PlanNotPublishable(
            errors=[{"pointer": fault.pointer, "detail": fault.text} for fault in faults]
        )
    version.state = VersionState.PUBLISHED
    version.published_by = actor.label
    version.published_at = now
    session().flush()
    audit.record(
        actor=actor, action="plan_version.publish", subject=version.id, now=now, number=number
    )
    return version


def _draft(plan_id: str, number: int, if_match: int, action: str) -> PlanVersion:
    version = queries.version(plan_id, number, locked=True)
    if version.state != VersionState.DRAFT:
        raise NotInThisState(state=version.state, action=action)
    if version.version != if_match:
        raise StaleVersion
    return version


@dataclass(frozen=True, slots=True)
class PaidLine:
    """An order line as it was paid; `category_ids` are its categories, the nearest first."""

    order_line_id: str
    sku_id: str
    product_id: str
    category_ids: tuple[str, ...]
    base_fen: int
    quantity: int
    earns_commission: bool


@dataclass(frozen=True, slots=True)
class PaidOrder:
    """A paid order; without a leader it is the house's own."""

    order_id: str
    leader_id: str | None
    leader_level: int | None
    paid_at: datetime
    commissionable: bool
    group_buy_id: str | None = None
    campaign_id: str | None = None


def accrue(*, order: PaidOrder, lines: Sequence[PaidLine]) -> None:
    """Freeze the terms of an order's lines as they are when it is paid, in one bulk insert.

    Nothing about plans stops a payment: without a version in force the lines earn nothing, and
    say so.
    """
    version = queries.version_at(order.paid_at) if order.leader_id else None
    book = rule_book(version.rules) if version else {}
    multiplier_bps = version.multiplier_bps(order.leader_level or 1) if version else BPS
    shared = {
        "order_id": order.order_id,
        "leader_id": order.leader_id,
        "leader_level": order.leader_level,
        "group_buy_id": order.group_buy_id,
        "campaign_id": order.campaign_id,
        "paid_at": order.paid_at,
        "plan_version_id": version.id if version else None,
        "multiplier_bps": multiplier_bps,
    }
    rows = []
    for line in lines:
        rule = choose_rule(
            book,
            sku_id=line.sku_id,
            product_id=line.product_id,
            category_ids=line.category_ids,
        )
        why_not = _exclusion(order, line, rule, planned=version is not None)
        sold = {
            "order_line_id": line.order_line_id,
            "sku_id": line.sku_id,
            "product_id": line.product_id,
            "category_ids": list(line.category_ids),
            "item_earns": line.earns_commission,
            "base_fen": line.base_fen,
            "quantity": line.quantity,
        }
        rows.append(shared | sold | asdict(freeze(rule, why_not)))
    session().execute(insert(CommissionLine), rows)


def _exclusion(
    order: PaidOrder, line: PaidLine, rule: ItemRule | None, *, planned: bool
) -> Exclusion | None:
    """Return why a line earns nothing, None if it does earn."""
    if order.leader_id is None:
        return Exclusion.HOUSE
    if not order.commissionable:
        return Exclusion.SELF_PURCHASE
    if not line.earns_commission:
        return Exclusion.ITEM
    if not planned:
        return Exclusion.NO_PLAN
    if rule is not None and rule.kind is RuleKind.EXCLUDE:
        return Exclusion.RULE
    return None


def mark_completed(*, order_id: str, completed_at: datetime) -> None:
    """Let an order's lines count in the month of this instant; a second time changes nothing."""
    session().execute(
        update(CommissionLine)
        .where(CommissionLine.order_id == order_id, CommissionLine.completed_at.is_(None))
        .values(completed_at=completed_at)
        .execution_options(synchronize_session=False)
    )


def record_refund(
    *,
    order_line_id: str,
    refund_key: str,
    amount_fen: int,
    quantity: int,
    recorded_at: datetime,
) -> None:
    """Record that part of a line was given back; the same key again changes nothing.

    A line that earns for no leader has no commission line: then there is nothing to record.
    """
    event = select(
        literal(refund_key),
        CommissionLine.id,
        literal(amount_fen),
        literal(quantity),
        literal(recorded_at, CommissionRefund.recorded_at.type),
    ).where(CommissionLine.order_line_id == order_line_id)
    columns = ["refund_key", "commission_line_id", "amount_fen", "quantity", "recorded_at"]
    session().execute(insert(CommissionRefund).from_select(columns, event).on_conflict_do_nothing())
