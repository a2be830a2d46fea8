"""Plans and the drafts of their versions."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, text

from groupbuy.commissions import queries
from groupbuy.commissions.errors import PlanCodeTaken
from groupbuy.commissions.models import Plan, PlanVersion, VersionState
from groupbuy.commissions.rules.terms import (
    CLAWBACK_BY_MODE,
    Mode,
)
from groupbuy.kernel import audit
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import session
from groupbuy.kernel.problems import NotInThisState, StaleVersion
from groupbuy.leaders.queries import qualifications

GATES = ("bonus_qualification", "multiplier_qualification")
WRITTEN = ("plan_version.draft", "plan_version.edit")
"""What makes somebody an author of a version, as the audit log names it."""
TOLD = (
    *("mode", "tiers", "level_multipliers", "cap_fen", "clawback_mode", "quota_bonus"),
    *("rank_bonuses", "guarantee_fen", "service_fee_fen", "recruiter_override"),
    *GATES,
)


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
    quota_bonus: dict[str, int] | None = None,
    rank_bonuses: Sequence[int] = (),
    guarantee_fen: int = 0,
    service_fee_fen: int = 0,
    recruiter_override: dict[str, Any] | None = None,
    clawback_mode: str | None = None,
    actor: Actor,
    now: datetime,
    **gates: str | None,
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
        quota_bonus: {"quota_fen", "bonus_fen"} of a month.
        rank_bonuses: fen of the first place of a month, the second, …
        guarantee_fen: the least that a month with a sale comes to.
        service_fee_fen: for each order handed over.
        recruiter_override: {"bps", "basis", "months"} for direct recruits.
        clawback_mode: how refunds after the settlement take back; unless said, that of the mode.
        gates: `bonus_qualification`, `multiplier_qualification`; UnknownQualification is raised.
    """
    _check_gates(gates)
    queries.locked_plan(plan_id)
    version = PlanVersion(
        plan_id=plan_id,
        number=_next_number(plan_id),
        effective_from=effective_from,
        mode=mode,
        tiers=[list(tier) for tier in tiers],
        item_rules=list(item_rules),
        level_multipliers=level_multipliers or {},
        cap_fen=cap_fen,
        quota_bonus=quota_bonus,
        rank_bonuses=list(rank_bonuses),
        guarantee_fen=guarantee_fen,
        service_fee_fen=service_fee_fen,
        recruiter_override=recruiter_override,
        clawback_mode=clawback_mode or CLAWBACK_BY_MODE[Mode(mode)],
        **gates,
        created_by=actor.label,
        created_at=now,
        edited_by=actor.label,
    )
    return _added(version, actor, now)


def edit_version(
    *, plan_id: str, number: int, if_match: int, actor: Actor, now: datetime, **changes: Any
) -> PlanVersion:
    """Change a draft: any field of `create_version`.

    Raises:
        NotInThisState: it is published.
        StaleVersion: it changed since it was read.
        UnknownQualification: nothing leads to what it asks for.
    """
    version = held_draft(plan_id=plan_id, number=number, if_match=if_match, action="edit")
    _check_gates(changes)
    for field, value in changes.items():
        setattr(version, field, value)
    version.edited_by = actor.label
    session().flush()
    note(version=version, action="edit", actor=actor, now=now)
    return version


def discard_version(
    *, plan_id: str, number: int, if_match: int, actor: Actor, now: datetime
) -> None:
    """Throw a draft away.

    Raises:
        NotInThisState: it is published.
        StaleVersion: it changed since it was read.
    """
    version = held_draft(plan_id=plan_id, number=number, if_match=if_match, action="discard")
    note(version=version, action="discard", actor=actor, now=now)
    session().delete(version)
    session().flush()


def held_draft(*, plan_id: str, number: int, if_match: int, action: str) -> PlanVersion:
    """Return a draft, locked, as it was when its version was `if_match`.

    Raises:
        NotInThisState: it is published.
        StaleVersion: it changed since it was read.
    """
    version = queries.version(plan_id, number, locked=True)
    if version.state != VersionState.DRAFT:
        raise NotInThisState(state=version.state, action=action)
    if version.version != if_match:
        raise StaleVersion
    return version


def _added(version: PlanVersion, actor: Actor, now: datetime) -> PlanVersion:
    session().add(version)
    session().flush()
    note(version=version, action="draft", actor=actor, now=now)
    return version


def _next_number(plan_id: str) -> int:
    last = select(func.max(PlanVersion.number)).where(PlanVersion.plan_id == plan_id)
    return (session().scalar(last) or 0) + 1


def _check_gates(terms: Mapping[str, Any]) -> None:
    for gate in GATES:
        if (code := terms.get(gate)) is not None:
            qualifications.demand_known(code)


def note(*, version: PlanVersion, action: str, actor: Actor, now: datetime) -> None:
    """Leave in the audit log what somebody did to a version, and what it says by then."""
    audit.record(
        actor=actor,
        action=f"plan_version.{action}",
        subject=version.id,
        now=now,
        number=version.number,
        version=version.version,
        effective_from=version.effective_from.isoformat(),
        item_rules=len(version.item_rules),
        **{name: getattr(version, name) for name in TOLD},
    )
