"""What a month pays beside the sales, part by part, in the order in which they build on each other.

Each takes the month as it stands and adds its components to the leaders they belong to.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from typing import Any

from groupbuy.commissions.rules import components
from groupbuy.commissions.rules.monthly import Basis, MonthlyTerms
from groupbuy.kernel.money import BPS
from groupbuy.kernel.settings import settings
from groupbuy.leaders.queries import qualifications
from groupbuy.settlement import queries
from groupbuy.settlement.queries.extras import Person
from groupbuy.settlement.rules.corrections import CorrectionRow
from groupbuy.settlement.rules.statements import GUARANTEED, MISSING, ComponentKind, CorrectionKind
from groupbuy.settlement.services.month import LeaderMonth, Month, Part
from groupbuy.settlement.services.sales import statement_id


def recruit(*, month: Month) -> None:
    """Pay recruiters for the sales of their direct recruits, and take back what refunds took.

    Only the seller's own recruiter is asked for: one level, whatever the data.
    """
    recruiters = {p.recruiter_id for p in month.people.values() if p.recruiter_id}
    month.learn_terms(recruiters - month.leaders.keys())
    for leader_id in sorted(month.people):
        _pay_recruiter(month, month.leaders[leader_id], month.people[leader_id])
    _take_back_overrides(month)


def _pay_recruiter(month: Month, recruit: LeaderMonth, person: Person) -> None:
    recruiter = month.leaders.get(person.recruiter_id or "")
    override = recruiter.terms.extras.override if recruiter and recruiter.terms else None
    if recruiter is None or override is None or recruit.sales is None:
        return
    if not components.override_due(
        override,
        since=person.since,
        starts_at=month.period.starts_at,
        calendar=settings().calendar,
    ):
        return
    of_volume = override.basis == Basis.VOLUME
    base_fen = recruit.volume_fen if of_volume else recruit.sales.sales_fen
    inputs = {
        "recruit_id": recruit.leader_id,
        "month": month.period.month,
        "basis": override.basis,
        "bps": override.bps,
        "base_fen": base_fen,
    }
    recruiter.add(
        Part(
            ComponentKind.OVERRIDE,
            f"{recruit.leader_id}:{month.period.month}",
            components.override_fen(base_fen, override.bps),
            Fraction(base_fen * override.bps, BPS),
            inputs,
            recruiter.terms.version_id if recruiter.terms else None,
        )
    )


def _take_back_overrides(month: Month) -> None:
    """Let overrides that were paid follow their recruits' corrected months."""
    taken: dict[str, dict[str, int]] = defaultdict(lambda: {"commission": 0, "volume": 0})
    settled = queries.months_of({row.corrects_id for row in _corrected(month)})
    for leader in month.leaders.values():
        for row in leader.corrections:
            if row.kind in (CorrectionKind.HOLD, CorrectionKind.RELEASE):
                continue
            settled_in, seller = settled[row.corrects_id]
            if seller == leader.leader_id:
                change = taken[f"{seller}:{settled_in}"]
                change["commission"] += row.amount_fen
                change["volume"] += row.volume_fen
    for paid in queries.paid_overrides(month.period.month, sorted(taken)):
        before_fen, bps = paid.inputs["base_fen"], paid.inputs["bps"]
        after_fen = max(0, before_fen + taken[paid.key][paid.inputs["basis"]])
        if after_fen == before_fen:
            continue
        exact = Fraction((after_fen - before_fen) * bps, BPS)
        change_fen = components.override_fen(after_fen, bps) - components.override_fen(
            before_fen, bps
        )
        month.leader(paid.recruiter_id).add(
            Part(
                ComponentKind.OVERRIDE_CLAWBACK,
                paid.key,
                change_fen,
                exact,
                {**paid.inputs, "base_before_fen": before_fen, "base_fen": after_fen},
                paid.plan_version_id,
            )
        )


def _corrected(month: Month) -> Iterable[CorrectionRow]:
    for leader in month.leaders.values():
        yield from leader.corrections


def serve(*, month: Month) -> None:
    """Pay for parcels handed over."""
    for fees in queries.service_fees(month.period):
        amount_fen = fees.fee_fen * fees.parcels
        month.leader(fees.leader_id).add(
            Part(
                ComponentKind.SERVICE_FEE,
                f"{fees.plan_version_id}:{fees.fee_fen}",
                amount_fen,
                Fraction(amount_fen),
                {"parcels": fees.parcels, "fee_fen": fees.fee_fen},
                fees.plan_version_id,
            )
        )


def reward(*, month: Month) -> None:
    """Pay the bonuses for a quota reached and for places in the ranking of a plan version.

    Who lacks what the version asks for at the end of the month gets neither, takes no place in
    the ranking, and is told so.
    """
    qualified = _qualified(month)
    ranked: dict[str, list[LeaderMonth]] = defaultdict(list)
    for leader in month.leaders.values():
        if leader.sales is None or leader.terms is None:
            continue
        evidence = qualified(leader.leader_id, leader.terms.extras.bonus_qualification)
        _reward_quota(month, leader, leader.terms, evidence)
        if leader.terms.extras.rank_bonuses_fen and leader.volume_fen:
            if MISSING in evidence:
                _leave_out(leader, leader.terms, evidence)
            else:
                ranked[leader.terms.version_id].append(leader)
    known = queries.reached_at(
        month.period, [leader.leader_id for of in ranked.values() for leader in of]
    )
    # Without stored lines there is no instant: then the recomputation says what is missing.
    reached = {
        leader.leader_id: known.get(leader.leader_id, month.period.ends_at)
        for of in ranked.values()
        for leader in of
    }
    for version_id in sorted(ranked):
        of = {leader.leader_id: leader for leader in ranked[version_id]}
        order = components.rank(
            (
                leader.leader_id,
                leader.volume_fen,
                reached.get(leader.leader_id, month.period.ends_at),
            )
            for leader in of.values()
        )
        _reward_places(month, [of[leader_id] for leader_id in order], reached, qualified)


Evidence = dict[str, Any]


def _qualified(month: Month) -> Callable[[str, str | None], Evidence]:
    """Return what tells by which qualification a leader gets bonuses; nothing if none is asked."""
    asked: dict[str, list[str]] = defaultdict(list)
    for leader in month.leaders.values():
        code = leader.terms and leader.terms.extras.bonus_qualification
        if code:
            asked[code].append(leader.leader_id)
    end = month.period.ends_at
    held = {code: qualifications.held_until(code, asked[code], end) for code in sorted(asked)}

    def evidence(leader_id: str, code: str | None) -> Evidence:
        if code is None:
            return {}
        row = held[code].get(leader_id)
        if row is None:
            return {MISSING: code}
        # When it was ended is not told: that may come later, and change nothing here.
        return {"qualification": code, "qualified_by": row.source}

    return evidence


def _reward_quota(
    month: Month, leader: LeaderMonth, terms: MonthlyTerms, evidence: Evidence
) -> None:
    quota = terms.extras.quota
    reached_fen = components.quota_bonus(leader.volume_fen, quota) if quota else 0
    if quota is None or not reached_fen:
        return
    amount_fen = 0 if MISSING in evidence else reached_fen
    inputs = {"volume_fen": leader.volume_fen, "quota_fen": quota.quota_fen, **evidence}
    leader.add(
        Part(
            ComponentKind.QUOTA_BONUS,
            "",
            amount_fen,
            Fraction(amount_fen),
            inputs,
            terms.version_id,
        )
    )


def _leave_out(leader: LeaderMonth, terms: MonthlyTerms, evidence: Evidence) -> None:
    inputs = {"volume_fen": leader.volume_fen, **evidence}
    leader.add(Part(ComponentKind.RANK_BONUS, "", 0, Fraction(0), inputs, terms.version_id))


def _reward_places(
    month: Month,
    order: list[LeaderMonth],
    reached: Mapping[str, Any],
    qualified: Callable[[str, str | None], Evidence],
) -> None:
    for place, leader in enumerate(order, start=1):
        assert leader.terms is not None, "only those with terms are ranked"
        bonuses = leader.terms.extras.rank_bonuses_fen
        if place > len(bonuses):
            return
        inputs = {
            "place": place,
            "of": len(order),
            "volume_fen": leader.volume_fen,
            "reached_at": reached[leader.leader_id].isoformat(),
            **qualified(leader.leader_id, leader.terms.extras.bonus_qualification),
        }
        amount_fen = bonuses[place - 1]
        leader.add(
            Part(
                ComponentKind.RANK_BONUS,
                "",
                amount_fen,
                Fraction(amount_fen),
                inputs,
                leader.terms.version_id,
            )
        )


def guarantee(*, month: Month) -> None:
    """Fill up to the floor what a leader who sold came to."""
    for leader in month.leaders.values():
        if leader.sales is None or leader.terms is None:
            continue
        floor_fen = leader.terms.extras.guarantee_fen
        sum_fen = sum(leader.sums[column] for column in GUARANTEED)
        amount_fen = components.guarantee(floor_fen, sum_fen)
        leader.add(
            Part(
                ComponentKind.GUARANTEE,
                "",
                amount_fen,
                Fraction(amount_fen),
                {"floor_fen": floor_fen, "sum_fen": sum_fen},
                leader.terms.version_id,
            )
        )


def share(*, month: Month) -> None:
    """Split what a session held together earned between its host and the guests."""
    statements = {
        leader_id: statement_id(month=month.period.month, leader_id=leader_id)
        for leader_id in month.leaders
    }
    for session in queries.sessions(month.period, statements):
        bps = [share for _, share in session.guests]
        before = components.split(session.before_fen, bps)
        after_fen = session.before_fen + session.earned_fen
        after = components.split(after_fen, bps)
        given = [new - old for new, old in zip(after[1:], before[1:], strict=True)]
        inputs = {
            "group_buy_id": session.group_buy_id,
            "host_id": session.host_leader_id,
            "guests": [list(guest) for guest in session.guests],
            "before_fen": session.before_fen,
            "earned_fen": after_fen,
        }
        changes = [(session.host_leader_id, -sum(given), BPS)]
        changes += [
            (leader_id, fen, share)
            for (leader_id, share), fen in zip(session.guests, given, strict=True)
        ]
        for leader_id, fen, share in changes:
            exact = Fraction(session.earned_fen * (share if share < BPS else sum(bps)), BPS)
            signed = exact if share < BPS else -exact
            month.leader(leader_id).add(Part(ComponentKind.SPLIT, session.key, fen, signed, inputs))


def adjust(*, month: Month) -> None:
    """Book what two people decided beside the calculation."""
    for adjustment in queries.adjustments_of(month.period):
        kind = ComponentKind.WRITE_OFF if adjustment.write_off else ComponentKind.ADJUSTMENT
        month.leader(adjustment.leader_id).add(
            Part(
                kind,
                adjustment.id,
                adjustment.amount_fen,
                Fraction(adjustment.amount_fen),
                adjustment.inputs,
            )
        )
