"""A month while it comes together: its leaders, and how they become statements."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, NamedTuple

from groupbuy.commissions import queries as commissions
from groupbuy.commissions.rules.monthly import MonthlyTerms
from groupbuy.commissions.rules.terms import (
    PlanTerms,
)
from groupbuy.settlement import queries
from groupbuy.settlement.models import LeaderSales, SettlementPeriod
from groupbuy.settlement.queries.extras import Person
from groupbuy.settlement.queries.holding import Holding
from groupbuy.settlement.rules.corrections import CorrectionRow, corrections
from groupbuy.settlement.rules.statements import (
    COLUMN_OF,
    COMPONENTS,
    MISSING,
    ComponentKind,
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


CONTINUED = (ComponentKind.OVERRIDE, ComponentKind.OVERRIDE_CLAWBACK, ComponentKind.SPLIT)
"""What later months add to or take from: kept also where it rounds to nothing."""


@dataclass(slots=True)
class LeaderMonth:
    """A leader's month while it comes together."""

    leader_id: str
    sales: LeaderSales | LeaderResult | None = None
    terms: MonthlyTerms | None = None
    sums: dict[str, int] = field(default_factory=lambda: dict.fromkeys(COMPONENTS, 0))
    parts: list[Part] = field(default_factory=list)
    corrections: list[CorrectionRow] = field(default_factory=list)

    def add(self, part: Part) -> None:
        """Add a component that is not nothing, from which a later month goes on, or which says
        why there is nothing."""
        if part.amount_fen or part.kind in CONTINUED or MISSING in part.inputs:
            self.parts.append(part)
            self.sums[COLUMN_OF[part.kind]] += part.amount_fen

    @property
    def volume_fen(self) -> int:
        """Return the month's volume."""
        return self.sales.volume_fen if self.sales else 0


class Month:
    """The leaders of a month, and the steps that complete their statements, in order."""

    def __init__(
        self, period: SettlementPeriod, holding: Holding, plans: Mapping[str, PlanTerms]
    ) -> None:
        self.period = period
        self.holding = holding
        self.plans = plans
        self.leaders: dict[str, LeaderMonth] = {}
        self.people: dict[str, Person] = {}

    def leader(self, leader_id: str) -> LeaderMonth:
        """Return a leader's month; who had none gets one."""
        return self.leaders.setdefault(leader_id, LeaderMonth(leader_id))

    def sell(self, sales: Iterable[LeaderSales | LeaderResult]) -> None:
        """Take over what the sales came to, and the terms of the month for each who sold."""
        for own in sales:
            leader = self.leader(own.leader_id)
            leader.sales = own
            leader.sums["sales_fen"] = own.sales_fen
        self.people = queries.people(self.leaders)
        self.learn_terms(self.leaders)

    def learn_terms(self, leader_ids: Iterable[str]) -> None:
        """Look up the terms of the month of these leaders."""
        terms = commissions.terms_of_month(
            leader_ids=sorted(leader_ids),
            starts_at=self.period.starts_at,
            ends_at=self.period.ends_at,
        )
        for leader_id, found in terms.items():
            self.leader(leader_id).terms = found

    def correct(self) -> None:
        """Book what was recorded about lines settled before, and what is held back."""
        period = self.period
        recent = {
            order_id for order_id, at in self.holding.forfeited.items() if at >= period.window_from
        }
        touched = queries.touched_lines(period, orders=self.holding.held | recent)
        lines = queries.settled_lines(period, touched, holding=self.holding, plans=self.plans)
        for line in (*lines, *queries.own_held_lines(period, holding=self.holding)):
            for row in corrections(line, window_from=period.window_from):
                leader = self.leader(row.leader_id)
                leader.corrections.append(row)
                leader.sums[COLUMN_OF[row.kind]] += row.amount_fen

    def written(self) -> Finished:
        """Return the statements with their digests."""
        period = self.period
        carried = queries.carried_into(period.month)
        for leader_id in carried:
            self.leader(leader_id)
        self.learn_terms({i for i, leader in self.leaders.items() if leader.terms is None})
        statements, parts, outcome, read = [], [], [], []
        for leader_id in sorted(self.leaders):
            leader = self.leaders[leader_id]
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
        self, leader: LeaderMonth, carry_in_fen: int
    ) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        sales, terms = leader.sales, leader.terms
        balance = carry(
            carry_in_fen, leader.sums.values(), min_payout_fen=self.period.min_payout_fen
        )
        head = {
            "month": self.period.month,
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
        own_id = statement_id(month=self.period.month, leader_id=leader.leader_id)
        parts = [
            {**_stored(part), "statement_id": own_id, "position": position}
            for position, part in enumerate(leader.parts)
        ]
        content = [head, sales.digest if sales else "", _plain(leader), parts]
        return {**head, "id": own_id, "digest": digest(content)}, parts

    def correction_rows(self) -> list[dict[str, Any]]:
        """Return the corrections of all statements."""
        rows = []
        for leader_id in sorted(self.leaders):
            own_id = statement_id(month=self.period.month, leader_id=leader_id)
            rows += [
                {"statement_id": own_id, "position": position, **row}
                for position, row in enumerate(_plain(self.leaders[leader_id]))
            ]
        return rows


def _plain(leader: LeaderMonth) -> list[dict[str, Any]]:
    """Return a leader's corrections as they are stored, line by line."""
    rows = []
    for row in sorted(leader.corrections, key=lambda row: row.commission_line_id):
        plain = row._asdict()
        del plain["leader_id"], plain["volume_fen"]
        rows.append(plain)
    return rows


def _stored(part: Part) -> dict[str, Any]:
    return {**part._asdict(), "kind": part.kind.value, "exact": fraction(part.exact)}
