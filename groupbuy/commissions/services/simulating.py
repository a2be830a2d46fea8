"""Replaying past months under other terms: portion by portion, so that it can be cut anywhere."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert

from groupbuy.commissions import queries
from groupbuy.commissions.errors import MonthStillOpen, PlanNotPublishable, SimulationRunning
from groupbuy.commissions.models import PlanVersion, Simulation, SimulationLeader
from groupbuy.commissions.rules.monthly import MonthlyExtras, MonthlyTerms, SimulationState
from groupbuy.commissions.rules.moves import SIMULATION_MOVES, moved
from groupbuy.commissions.rules.publication import draft_faults
from groupbuy.commissions.rules.simulation import (
    NO_EXTRAS,
    Compared,
    Draft,
    PlanMonth,
    compare,
)
from groupbuy.commissions.rules.terms import (
    PlanTerms,
    rule_book,
)
from groupbuy.commissions.services.planning import GATES
from groupbuy.kernel import audit, jobs
from groupbuy.kernel.access import Actor
from groupbuy.kernel.clock import Calendar
from groupbuy.kernel.db import copy_in, session
from groupbuy.kernel.money import BPS
from groupbuy.kernel.problems import NotFound
from groupbuy.leaders.models import Leader
from groupbuy.leaders.queries import qualifications

JOB = "commissions.simulate"
PORTION = 200
"""Leaders of one step, which is one transaction."""
CUT_AFTER = timedelta(minutes=5)
TERMS = (
    *("mode", "tiers", "item_rules", "level_multipliers", "cap_fen", "clawback_mode"),
    *("quota_bonus", "rank_bonuses", "guarantee_fen", "recruiter_override"),
    *GATES,
)


def start_simulation(
    *,
    plan_id: str,
    number: int,
    month: str,
    calendar: Calendar,
    hold_days: int,
    actor: Actor,
    now: datetime,
) -> Simulation:
    """Begin to replay a month as if a plan had been as its version says; a job does the work.

    Raises:
        NotFound: there is no such version.
        MonthStillOpen: the month's cutoff has not come.
        PlanNotPublishable: nothing could be computed by the version, with every fault.
        SimulationRunning: the same version is being simulated over this month.
    """
    cutoff_at = calendar.cutoff(month, hold_days)
    if now < cutoff_at:
        raise MonthStillOpen(month=month, at=cutoff_at.isoformat())
    version = queries.version(plan_id, number)
    faults = draft_faults(version.table.tiers, version.rules)
    if faults:
        raise PlanNotPublishable(
            errors=[{"pointer": fault.pointer, "detail": fault.text} for fault in faults]
        )
    begun = insert(Simulation).values(
        plan_id=plan_id,
        number=number,
        terms_version=version.version,
        terms={name: getattr(version, name) for name in TERMS},
        month=month,
        starts_at=calendar.month_start(month),
        ends_at=calendar.month_end(month),
        cutoff_at=cutoff_at,
        requested_by=actor.label,
        requested_at=now,
        touched_at=now,
        leaders=queries.leaders_then(cutoff_at),
    )
    one_at_a_time = begun.on_conflict_do_nothing(
        index_elements=["plan_id", "number", "month"], index_where=text("state = 'running'")
    )
    simulation_id = session().scalar(one_at_a_time.returning(Simulation.id))
    if simulation_id is None:
        raise SimulationRunning
    jobs.enqueue(JOB, simulation_id=simulation_id)
    audit.record(
        actor=actor,
        action="simulation.start",
        subject=simulation_id,
        now=now,
        plan_id=plan_id,
        number=number,
        month=month,
    )
    return queries.simulation(simulation_id)


def advance_simulation(*, simulation_id: str, now: datetime) -> bool:
    """Compare the next portion of leaders; tell whether there is more to do.

    It goes on after the last leader done. Two at once never do the same portion: whoever finds
    it taken leaves it alone.
    """
    simulation = queries.locked_simulation(simulation_id, or_skip=True)
    if simulation is None or simulation.state != SimulationState.RUNNING:
        return False
    portion = queries.next_leaders(
        after=simulation.last_leader_id, before=simulation.cutoff_at, limit=PORTION
    )
    if not portion:
        _end(simulation, "finish", by=None, now=now)
        return False
    compared = _compare(simulation, portion)
    copy_in(
        SimulationLeader,
        [
            {
                "simulation_id": simulation.id,
                "leader_id": leader_id,
                **one._asdict(),
                "difference_fen": one.difference_fen,
            }
            for leader_id, one in compared
        ],
    )
    _add(simulation, [one for _, one in compared])
    simulation.leaders_done += len(portion)
    simulation.last_leader_id = portion[-1].id
    simulation.touched_at = now
    session().flush()
    return True


def cancel_simulation(*, simulation_id: str, actor: Actor, now: datetime) -> Simulation:
    """Stop a simulation where it is; what it came to stays to be read.

    Raises:
        NotFound: there is no such simulation.
        NotInThisState: it has ended.
    """
    simulation = queries.locked_simulation(simulation_id)
    if simulation is None:
        raise NotFound
    _end(simulation, "cancel", by=actor.label, now=now)
    audit.record(actor=actor, action="simulation.cancel", subject=simulation.id, now=now)
    return simulation


def resume_simulation(*, simulation_id: str, now: datetime) -> None:
    """Have a job go on with a simulation that was cut; nothing if it is being worked on."""
    simulation = queries.locked_simulation(simulation_id, or_skip=True)
    if simulation is None or simulation.touched_at > now - CUT_AFTER:
        return
    simulation.touched_at = now
    session().flush()
    jobs.enqueue(JOB, simulation_id=simulation_id)


def _compare(simulation: Simulation, portion: Sequence[Leader]) -> list[tuple[str, Compared]]:
    """Compare the months of these leaders; whoever sold nothing is left out."""
    context = _context(simulation, portion)
    months = queries.past_lines(
        [leader.id for leader in portion],
        starts_at=simulation.starts_at,
        ends_at=simulation.ends_at,
        cutoff_at=simulation.cutoff_at,
    )
    nothing = PlanMonth(None, NO_EXTRAS)
    return [
        (
            leader_id,
            compare(
                lines,
                draft=context.drafts[leader_id],
                month=context.months.get(leader_id, nothing),
                plans=context.plans,
                plan_of=context.plan_of,
            ),
        )
        for leader_id, lines in months
    ]


@dataclass(frozen=True, slots=True)
class _Context:
    drafts: dict[str, Draft]
    months: dict[str, PlanMonth]
    plans: dict[str, PlanTerms]
    plan_of: dict[str, str]


def _context(simulation: Simulation, portion: Sequence[Leader]) -> _Context:
    terms = queries.terms_of_month(
        leader_ids=[leader.id for leader in portion],
        starts_at=simulation.starts_at,
        ends_at=simulation.ends_at,
    )
    versions = queries.published_versions()
    tried = PlanVersion(**simulation.terms)
    draft = Draft(
        plan_id=simulation.plan_id,
        terms=tried.terms,
        book=rule_book(tried.rules),
        multiplier_bps=tried.multiplier_bps,
        extras=tried.extras,
    )
    gates = _gates(simulation, portion, tried, terms.values())
    return _Context(
        drafts={leader.id: gates.tried_by(leader.id, draft, tried) for leader in portion},
        months={
            leader_id: PlanMonth(found.plan_id, gates.paid_to(leader_id, found.extras))
            for leader_id, found in terms.items()
        },
        plans={version.id: version.terms for version in versions},
        plan_of={version.id: version.plan_id for version in versions},
    )


@dataclass(frozen=True, slots=True)
class _Gates:
    """Who was qualified in what at the end of the month."""

    held: Mapping[str, Collection[str]]

    def lacks(self, leader_id: str, code: str | None) -> bool:
        return code is not None and leader_id not in self.held[code]

    def paid_to(self, leader_id: str, extras: MonthlyExtras) -> MonthlyExtras:
        lacking = self.lacks(leader_id, extras.bonus_qualification)
        return extras._replace(quota=None) if lacking else extras

    def tried_by(self, leader_id: str, draft: Draft, tried: PlanVersion) -> Draft:
        own = replace(draft, extras=self.paid_to(leader_id, draft.extras))
        if not self.lacks(leader_id, tried.multiplier_qualification):
            return own
        return replace(own, multiplier_bps=lambda level: min(BPS, tried.multiplier_bps(level)))


def _gates(
    simulation: Simulation,
    portion: Sequence[Leader],
    tried: PlanVersion,
    terms: Iterable[MonthlyTerms],
) -> _Gates:
    codes = {tried.multiplier_qualification, tried.bonus_qualification}
    codes |= {found.extras.bonus_qualification for found in terms}
    leader_ids = [leader.id for leader in portion]
    return _Gates(
        {
            code: qualifications.held_until(code, leader_ids, simulation.ends_at).keys()
            for code in codes
            if code is not None
        }
    )


def _add(simulation: Simulation, compared: Sequence[Compared]) -> None:
    """Add a portion to the sums."""
    differences = [one.difference_fen for one in compared]
    sums: dict[str, Any] = {
        "volume_fen": sum(one.volume_fen for one in compared),
        "actual_fen": sum(one.actual_fen for one in compared),
        "simulated_fen": sum(one.simulated_fen for one in compared),
        "gaining": sum(difference > 0 for difference in differences),
        "losing": sum(difference < 0 for difference in differences),
    }
    for column, value in sums.items():
        setattr(simulation, column, getattr(simulation, column) + value)
    simulation.largest_gain_fen = max([simulation.largest_gain_fen, *differences])
    simulation.largest_loss_fen = min([simulation.largest_loss_fen, *differences])


def _end(simulation: Simulation, action: str, *, by: str | None, now: datetime) -> None:
    simulation.state = moved(SIMULATION_MOVES, SimulationState(simulation.state), action)
    simulation.ended_at = now
    simulation.ended_by = by
    simulation.touched_at = now
    session().flush()
