"""The last step of a calculation: what depends on the whole month, and each leader's statement."""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, NamedTuple

from groupbuy.commissions.rules import components
from groupbuy.commissions.rules.terms import Basis, MonthlyTerms, PlanTerms
from groupbuy.kernel.money import BPS
from groupbuy.settlement import queries
from groupbuy.settlement.models import LeaderSales, SettlementPeriod
from groupbuy.settlement.queries.extras import Person
from groupbuy.settlement.queries.holding import Holding
from groupbuy.settlement.rules.corrections import CorrectionRow, corrections
from groupbuy.settlement.rules.statements import (
    COLUMN_OF,
    COMPONENTS,
    GUARANTEED,
    ComponentKind,
    CorrectionKind,
    canonical,
    carry,
    digest,
    fraction,
)
from groupbuy.settlement.services.sales import LeaderResult, statement_id


class Finished(NamedTuple):
    """A calculated month: the rows of its statements, and the digests of what went in and out."""

    statements: list[dict[str, Any]]
    corrections: list[dict[str, Any]]
    components: list[dict[str, Any]]
    input_digest: str
    digest: str


class Part(NamedTuple):
    """A component to be: see models.Component."""

    kind: ComponentKind
    key: str
    amount_fen: int
    exact: Fraction
    inputs: dict[str, Any]
    plan_version_id: str | None = None


@dataclass(slots=True)
class _Leader:
    """A leader's month while it comes together."""

    leader_id: str
    sales: LeaderSales | LeaderResult | None = None
    terms: MonthlyTerms | None = None
    sums: dict[str, int] = field(default_factory=lambda: dict.fromkeys(COMPONENTS, 0))
    parts: list[Part] = field(default_factory=list)
    corrections: list[CorrectionRow] = field(default_factory=list)

    def add(self, part: Part) -> None:
        """Add a component that is not nothing."""
        if part.amount_fen or part.kind is ComponentKind.OVERRIDE:
            self.parts.append(part)
            self.sums[COLUMN_OF[part.kind]] += part.amount_fen

    @property
    def volume_fen(self) -> int:
        """Return the month's volume."""
        return self.sales.volume_fen if self.sales else 0


def finished(
    *,
    period: SettlementPeriod,
    sales: Iterable[LeaderSales | LeaderResult],
    write: Callable[[list[dict[str, Any]]], None],
) -> Finished:
    """Add to the sales of a month all that is not a leader's own sale, and return its statements.

    `write` stores the corrections as soon as they are known: shared sessions are summed from them.
    """
    month = _Month(period, queries.holding(period.cutoff_at), queries.plan_terms())
    month.sell(sales)
    month.correct()
    write(month.correction_rows())
    month.recruit()
    month.serve()
    month.reward()
    month.guarantee()
    month.share()
    month.adjust()
    return month.written()


class _Month:
    """The leaders of a month, and the steps that complete their statements, in order."""

    def __init__(
        self, period: SettlementPeriod, holding: Holding, plans: Mapping[str, PlanTerms]
    ) -> None:
        self._period = period
        self._holding = holding
        self._plans = plans
        self._leaders: dict[str, _Leader] = {}
        self._people: dict[str, Person] = {}

    def _leader(self, leader_id: str) -> _Leader:
        return self._leaders.setdefault(leader_id, _Leader(leader_id))

    def sell(self, sales: Iterable[LeaderSales | LeaderResult]) -> None:
        """Take over what the sales came to, and the terms of the month for each who sold."""
        for own in sales:
            leader = self._leader(own.leader_id)
            leader.sales = own
            leader.sums["sales_fen"] = own.sales_fen
        self._people = queries.people(self._leaders)
        self._learn_terms(self._leaders)

    def _learn_terms(self, leader_ids: Iterable[str]) -> None:
        terms = queries.monthly_terms(self._period, sorted(leader_ids))
        for leader_id, found in terms.items():
            self._leader(leader_id).terms = found

    def correct(self) -> None:
        """Book what was recorded about lines settled before, and what is held back."""
        period = self._period
        recent = {
            order_id
            for order_id, forfeit in self._holding.forfeited.items()
            if forfeit.at >= period.window_from
        }
        touched = queries.touched_lines(period, orders=self._holding.held | recent)
        lines = queries.settled_lines(period, touched, holding=self._holding, plans=self._plans)
        for line in (*lines, *queries.own_held_lines(period, holding=self._holding)):
            for row in corrections(line, window_from=period.window_from):
                leader = self._leader(row.leader_id)
                leader.corrections.append(row)
                leader.sums[COLUMN_OF[row.kind]] += row.amount_fen

    def recruit(self) -> None:
        """Pay recruiters for the sales of their direct recruits, and take back what refunds took.

        Only the seller's own recruiter is asked for: one level, whatever the data.
        """
        recruiters = {p.recruiter_id for p in self._people.values() if p.recruiter_id}
        self._learn_terms(recruiters - self._leaders.keys())
        for leader_id in sorted(self._people):
            self._pay_recruiter(self._leaders[leader_id], self._people[leader_id])
        self._take_back_overrides()

    def _pay_recruiter(self, recruit: _Leader, person: Person) -> None:
        recruiter = self._leaders.get(person.recruiter_id or "")
        override = recruiter.terms.extras.override if recruiter and recruiter.terms else None
        if recruiter is None or override is None or recruit.sales is None:
            return
        if not components.override_due(override, person.since, self._period.starts_at):
            return
        of_volume = override.basis == Basis.VOLUME
        base_fen = recruit.volume_fen if of_volume else recruit.sales.sales_fen
        inputs = {
            "recruit_id": recruit.leader_id,
            "month": self._period.month,
            "basis": override.basis,
            "bps": override.bps,
            "base_fen": base_fen,
        }
        recruiter.add(
            Part(
                ComponentKind.OVERRIDE,
                f"{recruit.leader_id}:{self._period.month}",
                components.override_fen(base_fen, override.bps),
                Fraction(base_fen * override.bps, BPS),
                inputs,
                recruiter.terms.version_id if recruiter.terms else None,
            )
        )

    def _take_back_overrides(self) -> None:
        """Let overrides that were paid follow their recruits' corrected months."""
        taken: dict[str, dict[str, int]] = defaultdict(lambda: {"commission": 0, "volume": 0})
        settled = queries.months_of({row.corrects_id for row in self._corrected()})
        for leader in self._leaders.values():
            for row in leader.corrections:
                if row.kind in (CorrectionKind.HOLD, CorrectionKind.RELEASE):
                    continue
                month, seller = settled[row.corrects_id]
                if seller == leader.leader_id:
                    change = taken[f"{seller}:{month}"]
                    change["commission"] += row.amount_fen
                    change["volume"] -= _volume_lost(row)
        for paid in queries.paid_overrides(self._period.month, sorted(taken)):
            before_fen, bps = paid.inputs["base_fen"], paid.inputs["bps"]
            after_fen = max(0, before_fen + taken[paid.key][paid.inputs["basis"]])
            exact = Fraction((after_fen - before_fen) * bps, BPS)
            change_fen = components.override_fen(after_fen, bps) - components.override_fen(
                before_fen, bps
            )
            self._leader(paid.recruiter_id).add(
                Part(
                    ComponentKind.OVERRIDE_CLAWBACK,
                    paid.key,
                    change_fen,
                    exact,
                    {**paid.inputs, "base_before_fen": before_fen, "base_fen": after_fen},
                    paid.plan_version_id,
                )
            )

    def _corrected(self) -> Iterable[CorrectionRow]:
        for leader in self._leaders.values():
            yield from leader.corrections

    def serve(self) -> None:
        """Pay for parcels handed over."""
        for fees in queries.service_fees(self._period):
            amount_fen = fees.fee_fen * fees.parcels
            self._leader(fees.leader_id).add(
                Part(
                    ComponentKind.SERVICE_FEE,
                    f"{fees.plan_version_id}:{fees.fee_fen}",
                    amount_fen,
                    Fraction(amount_fen),
                    {"parcels": fees.parcels, "fee_fen": fees.fee_fen},
                    fees.plan_version_id,
                )
            )

    def reward(self) -> None:
        """Pay the bonuses for a quota reached and for places in the ranking of a plan version."""
        ranked: dict[str, list[_Leader]] = defaultdict(list)
        for leader in self._leaders.values():
            if leader.sales is None or leader.terms is None:
                continue
            self._reward_quota(leader, leader.terms)
            if leader.terms.extras.rank_bonuses_fen and leader.volume_fen:
                ranked[leader.terms.version_id].append(leader)
        reached = queries.reached_at(
            self._period, [leader.leader_id for of in ranked.values() for leader in of]
        )
        for version_id in sorted(ranked):
            of = {leader.leader_id: leader for leader in ranked[version_id]}
            order = components.rank(
                (leader.leader_id, leader.volume_fen, reached[leader.leader_id])
                for leader in of.values()
            )
            self._reward_places([of[leader_id] for leader_id in order], reached)

    def _reward_quota(self, leader: _Leader, terms: MonthlyTerms) -> None:
        quota = terms.extras.quota
        if quota is None:
            return
        amount_fen = components.quota_bonus(leader.volume_fen, quota)
        inputs = {"volume_fen": leader.volume_fen, "quota_fen": quota.quota_fen}
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

    def _reward_places(self, order: list[_Leader], reached: Mapping[str, Any]) -> None:
        for place, leader in enumerate(order, start=1):
            assert leader.terms is not None, "only those with terms are ranked"
            bonuses = leader.terms.extras.rank_bonuses_fen
            if place > len(bonuses):
                return
            inputs = {
                "place": place,
                "of": len(order),
                "volume_fen": leader.volume_fen,
                "reached_at": reached[leader.leader_id],
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

    def guarantee(self) -> None:
        """Fill up to the floor what a leader who sold came to."""
        for leader in self._leaders.values():
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

    def share(self) -> None:
        """Split what a session held together earned between its host and the guests."""
        statements = {
            leader_id: statement_id(self._period.month, leader_id) for leader_id in self._leaders
        }
        for session in queries.sessions(self._period, statements):
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
                self._leader(leader_id).add(
                    Part(ComponentKind.SPLIT, session.key, fen, signed, inputs)
                )

    def adjust(self) -> None:
        """Book what two people decided beside the calculation."""
        for adjustment in queries.adjustments_of(self._period):
            kind = ComponentKind.WRITE_OFF if adjustment.write_off else ComponentKind.ADJUSTMENT
            self._leader(adjustment.leader_id).add(
                Part(
                    kind,
                    adjustment.id,
                    adjustment.amount_fen,
                    Fraction(adjustment.amount_fen),
                    adjustment.inputs,
                )
            )

    def written(self) -> Finished:
        """Return the statements with their digests."""
        period = self._period
        carried = queries.carried_into(period.month)
        for leader_id in carried:
            self._leader(leader_id)
        self._learn_terms({i for i, leader in self._leaders.items() if leader.terms is None})
        statements, parts, outcome, read = [], [], [], []
        for leader_id in sorted(self._leaders):
            leader = self._leaders[leader_id]
            if leader.sales or leader.parts or leader.corrections or leader_id in carried:
                head, own = self._statement(leader, carried.get(leader_id, 0))
                statements.append(head)
                parts += own
                outcome.append([leader_id, head["digest"]])
                read.append([leader_id, leader.sales.input_digest if leader.sales else ""])
        terms = [period.month, period.min_payout_fen, period.cutoff_at]
        return Finished(
            statements,
            self.correction_rows(),
            parts,
            digest([terms, read]),
            hashlib.sha256(canonical([terms, outcome])).hexdigest(),
        )

    def _statement(
        self, leader: _Leader, carry_in_fen: int
    ) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        sales, terms = leader.sales, leader.terms
        balance = carry(
            carry_in_fen, leader.sums.values(), min_payout_fen=self._period.min_payout_fen
        )
        head = {
            "month": self._period.month,
            "leader_id": leader.leader_id,
            "plan_version_id": terms.version_id if terms else None,
            "assignment_id": terms.assignment_id if terms else None,
            "carry_in_fen": carry_in_fen,
            "volume_fen": leader.volume_fen,
            "uncapped_fen": sales.uncapped_fen if sales else 0,
            "cap_fen": sales.cap_fen if sales else None,
            **leader.sums,
            "payable_fen": balance.payable_fen,
            "payout_fen": balance.payout_fen,
            "carry_out_fen": balance.carry_out_fen,
        }
        own_id = statement_id(self._period.month, leader.leader_id)
        parts = [
            {**_stored(part), "statement_id": own_id, "position": position}
            for position, part in enumerate(leader.parts)
        ]
        content = [head, sales.digest if sales else "", _plain(leader), parts]
        return {**head, "id": own_id, "digest": digest(content)}, parts

    def correction_rows(self) -> list[dict[str, Any]]:
        """Return the corrections of all statements."""
        rows = []
        for leader_id in sorted(self._leaders):
            own_id = statement_id(self._period.month, leader_id)
            rows += [
                {"statement_id": own_id, "position": position, **row}
                for position, row in enumerate(_plain(self._leaders[leader_id]))
            ]
        return rows


def _plain(leader: _Leader) -> list[dict[str, Any]]:
    """Return a leader's corrections as they are stored, line by line."""
    rows = []
    for row in sorted(leader.corrections, key=lambda row: row.commission_line_id):
        plain = row._asdict()
        del plain["leader_id"]
        rows.append(plain)
    return rows


def _stored(part: Part) -> dict[str, Any]:
    return {**part._asdict(), "kind": part.kind.value, "exact": fraction(part.exact)}


def _volume_lost(row: CorrectionRow) -> int:
    """Return how much volume a correction took from the leader who had made the sale."""
    if row.kind in (CorrectionKind.TRANSFER, CorrectionKind.FORFEIT):
        return row.remaining_before
    return row.refunded_fen
