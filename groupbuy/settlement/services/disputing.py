"""Disputes: opened by leaders, looked at and decided by staff, the money held meanwhile."""

from datetime import datetime
from typing import Any

from sqlalchemy.dialects.postgresql import insert

from groupbuy.attribution import queries as attribution
from groupbuy.attribution.errors import AlreadyTheirs
from groupbuy.commissions.rules.moves import moved as state_after
from groupbuy.kernel import audit
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import session
from groupbuy.kernel.ids import new_id
from groupbuy.kernel.problems import InvalidInput, NotInThisState
from groupbuy.kernel.texts import Text
from groupbuy.ledger import queries as books
from groupbuy.ledger import services as ledger
from groupbuy.ledger.rules import Account, AccountKind, Entry
from groupbuy.orders import queries as orders
from groupbuy.orders.rules import OrderState
from groupbuy.orders.services.reassigning import reassign
from groupbuy.settlement import queries
from groupbuy.settlement.errors import DeciderIsClaimant, DisputeOpen, DisputeTooLate
from groupbuy.settlement.models import Dispute, Standing
from groupbuy.settlement.rules.adjustments import AdjustmentReason
from groupbuy.settlement.rules.answers import (
    DECISIONS,
    DISPUTE_MOVES,
    DISPUTE_WINDOW,
    STANDING_MOVES,
    DisputeKind,
    DisputeState,
    StandingAction,
    StandingState,
    held_of,
    too_late,
)
from groupbuy.settlement.services import adjusting, answering

HOLD = "dispute_hold"
"""The kind of the posting that holds a disputed amount; its reference is the dispute."""

NO_ROW = Text("结算单中没有这一行。", "The statement has no such row.")
AMOUNT_MISSING = Text(
    "支持金额申诉时须填写调账金额。", "An upheld amount needs the amount of the adjustment."
)
AMOUNT_UNWANTED = Text(
    "仅在支持金额申诉时填写调账金额。", "Only an upheld amount has an adjustment."
)


def dispute_amount(
    *,
    statement_id: str,
    leader_id: str,
    part: str,
    position: int,
    reason: str,
    actor: Actor,
    now: datetime,
) -> Dispute:
    """Dispute a row of one's own statement; what it earned waits of the payout meanwhile.

    Raises:
        NotFound: there is no such statement, or it is somebody else's.
        NotInThisState: the statement is final.
        DisputeTooLate: it was issued too long ago.
        InvalidInput: it has no such row.
        DisputeOpen: the row is disputed already.
    """
    own = queries.own_statement(statement_id, leader_id=leader_id)
    standing = queries.standing(statement_id, locked=True)
    if (StandingState(standing.state), StandingAction.DISPUTE) not in STANDING_MOVES:
        raise NotInThisState(state=standing.state, action="dispute")
    _check_time(standing.issued_at, now)
    row = queries.statement_row(statement_id, part, position)
    if row is None:
        raise InvalidInput.at("/position", NO_ROW)
    opened = _opened(
        kind=DisputeKind.AMOUNT,
        claimant_id=leader_id,
        statement_id=statement_id,
        part=part,
        position=position,
        order_id=row.order_id,
        amount_fen=row.amount_fen,
        held_fen=held_of(
            row.amount_fen,
            payout_fen=own.payout_fen,
            held_fen=queries.held_fen([statement_id]).get(statement_id, 0),
            owed_fen=-books.balance(Account(AccountKind.LEADER, leader_id)),
        ),
        reason=reason,
        actor=actor,
        now=now,
    )
    if opened is None:
        known = queries.undecided_of_row(statement_id, part, position)
        raise DisputeOpen(dispute_id=known.id if known else None)
    _hold(opened, actor, now)
    answering.moved(
        standing=standing, action=StandingAction.DISPUTE, actor=actor, now=now, why=opened.id
    )
    return opened


def dispute_attribution(
    *, order_id: str, leader_id: str, reason: str, actor: Actor, now: datetime
) -> Dispute:
    """Claim an order for which one was a candidate.

    Raises:
        NotFound: there is no such order, or one was no candidate.
        AlreadyTheirs: it is one's own.
        NotInThisState: it is not paid, or cancelled.
        DisputeTooLate: the statement that holds it was issued too long ago.
        DisputeOpen: one disputes it already.
    """
    decision = attribution.decision_for_leader(order_id=order_id, leader_id=leader_id)
    if decision.leader_id == leader_id:
        raise AlreadyTheirs
    order = orders.order(order_id)
    if order.paid_at is None or order.state == OrderState.CANCELLED:
        raise NotInThisState(state=order.state, action="dispute")
    issued_at = queries.order_issued_at(order_id)
    if issued_at is not None:
        _check_time(issued_at, now)
    opened = _opened(
        kind=DisputeKind.ATTRIBUTION,
        claimant_id=leader_id,
        order_id=order_id,
        reason=reason,
        actor=actor,
        now=now,
    )
    if opened is None:
        known = queries.undecided_of_order(order_id, claimant_id=leader_id)
        raise DisputeOpen(dispute_id=known.id if known else None)
    return opened


def withdraw_dispute(*, dispute_id: str, leader_id: str, actor: Actor, now: datetime) -> Dispute:
    """Take one's own dispute back.

    Raises:
        NotFound: there is no such dispute, or it is somebody else's.
        NotInThisState: it is decided, or withdrawn already.
    """
    queries.own_dispute(dispute_id, leader_id=leader_id)
    found, standing = _locked(dispute_id)
    return _closed(found, standing, "withdraw", actor, now, withdrawn_at=now)


def review_dispute(*, dispute_id: str, actor: Actor, now: datetime) -> Dispute:
    """Take a dispute up.

    Raises:
        NotInThisState: somebody has, or it is closed.
    """
    found = queries.dispute(dispute_id, locked=True)
    return _moved(found, "review", actor, now, reviewed_by=actor.label, reviewed_at=now)


def decide_dispute(
    *,
    dispute_id: str,
    outcome: str,
    note: str,
    amount_fen: int | None = None,
    actor: Actor,
    now: datetime,
) -> Dispute:
    """Uphold a dispute or reject it, and say why.

    What was held is let go either way. An upheld amount becomes a proposed adjustment, which
    another person approves; an upheld attribution gives the order to the claimant.

    Raises:
        NotInThisState: nobody has taken it up, or it is closed; or the order cannot be given.
        DeciderIsClaimant: the actor opened it.
        InvalidInput: an amount is missing, or not wanted.
        AlreadyTheirs: the order is the claimant's by now.
    """
    found, standing = _locked(dispute_id)
    action = DECISIONS[DisputeState(outcome)]
    state_after(DISPUTE_MOVES, DisputeState(found.state), action)
    if actor.label == found.opened_by:
        raise DeciderIsClaimant
    upheld = outcome == DisputeState.UPHELD
    wanted = upheld and found.kind == DisputeKind.AMOUNT
    if wanted is not (amount_fen is not None):
        raise InvalidInput.at("/amount_fen", AMOUNT_MISSING if wanted else AMOUNT_UNWANTED)
    signed: dict[str, Any] = {"decided_by": actor.label, "decided_at": now, "note": note}
    if amount_fen is not None:
        signed["adjustment_id"] = adjusting.propose_adjustment(
            leader_id=found.claimant_id,
            amount_fen=amount_fen,
            reason_code=AdjustmentReason.DISPUTE,
            reason=note,
            actor=actor,
            now=now,
        ).id
    elif upheld and found.order_id is not None:
        reassign(
            order_id=found.order_id,
            leader_id=found.claimant_id,
            reason=note,
            actor=actor,
            now=now,
        )
    return _closed(found, standing, action, actor, now, **signed)


def _check_time(issued_at: datetime, now: datetime) -> None:
    if too_late(issued_at, now):
        raise DisputeTooLate(until=(issued_at + DISPUTE_WINDOW).isoformat())


def _opened(*, actor: Actor, now: datetime, **content: Any) -> Dispute | None:
    """Insert a dispute; None if there is one about the same already."""
    opened_id = session().scalar(
        insert(Dispute)
        .values(
            id=new_id("dsp"),
            state=DisputeState.OPEN,
            opened_by=actor.label,
            opened_at=now,
            note="",
            **content,
        )
        .on_conflict_do_nothing()
        .returning(Dispute.id)
    )
    if opened_id is None:
        return None
    opened = queries.dispute(opened_id)
    _record(opened, "open", actor, now)
    return opened


def _locked(dispute_id: str) -> tuple[Dispute, Standing | None]:
    """Lock a statement's standing and then its dispute: in the order in which one is opened."""
    statement_id = queries.dispute(dispute_id).statement_id
    standing = queries.standing(statement_id, locked=True) if statement_id else None
    return queries.dispute(dispute_id, locked=True), standing


def _moved(found: Dispute, action: str, actor: Actor, now: datetime, **changes: Any) -> Dispute:
    found.state = state_after(DISPUTE_MOVES, DisputeState(found.state), action)
    for column, value in changes.items():
        setattr(found, column, value)
    session().flush()
    _record(found, action, actor, now)
    return found


def _closed(
    found: Dispute,
    standing: Standing | None,
    action: str,
    actor: Actor,
    now: datetime,
    **changes: Any,
) -> Dispute:
    """Close a dispute: let go what it held; the last one of a statement resolves it."""
    _moved(found, action, actor, now, **changes)
    if found.held_fen:
        held = books.transaction_of(kind=HOLD, reference=found.id)
        ledger.reverse(transaction_id=held.id, actor=actor, now=now)
    if standing is not None and queries.undecided_count(standing.statement_id) == 0:
        answering.moved(
            standing=standing, action=StandingAction.RESOLVE, actor=actor, now=now, why=found.id
        )
    return found


def _hold(opened: Dispute, actor: Actor, now: datetime) -> None:
    """Post what waits of the payout."""
    if opened.held_fen:
        ledger.post(
            kind=HOLD,
            reference=opened.id,
            entries=(
                Entry(Account(AccountKind.LEADER, opened.claimant_id), opened.held_fen),
                Entry(Account(AccountKind.HELD, opened.claimant_id), -opened.held_fen),
            ),
            actor=actor,
            now=now,
        )


def _record(found: Dispute, action: str, actor: Actor, now: datetime) -> None:
    audit.record(
        actor=actor,
        action=f"dispute.{action}",
        subject=found.id,
        now=now,
        kind=found.kind,
        claimant_id=found.claimant_id,
        statement_id=found.statement_id,
        order_id=found.order_id,
        held_fen=found.held_fen,
        note=found.note,
    )
