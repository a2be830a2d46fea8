"""A trainer's word about attendances: corrections and excuses, one or a whole sheet at once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from groupbuy.kernel import audit
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import session
from groupbuy.kernel.problems import InvalidInput
from groupbuy.kernel.texts import Text
from groupbuy.training.errors import SessionCancelled, SessionNotBegun
from groupbuy.training.models import Attendance, AttendanceDecision, LiveSession
from groupbuy.training.queries import live
from groupbuy.training.rules.attendance import DecisionKind
from groupbuy.training.rules.cohorts import SessionState
from groupbuy.training.services.attending import locked_rows, settle


@dataclass(frozen=True, slots=True)
class Decision:
    """What is decided about one leader; `present_s` and `late` belong to a correction."""

    leader_id: str
    kind: str
    present_s: int | None = None
    late: bool = False


def decide(
    *,
    session_id: str,
    items: Iterable[Mapping[str, Any]],
    reason: str,
    actor: Actor,
    now: datetime,
) -> None:
    """Correct or excuse attendances, or take that back; all of them or none.

    Each item is what a `Decision` is made of. A correction says for how long somebody was
    there, and whether late; taking it back lets check-in and check-out hold again.

    Raises:
        NotFound: there is no such session.
        SessionCancelled: it does not take place, so there is nothing to attend.
        SessionNotBegun: it has not begun, and more than excuses is decided.
        InvalidInput: somebody is not in the cohort or named twice, or a presence is missing,
            longer than the session, or said where none is.
    """
    decisions = [Decision(**item) for item in items]
    one = live.locked_session(session_id, shared=True)
    if one.state != SessionState.PLANNED:
        raise SessionCancelled(reason=one.reason)
    corrections = {DecisionKind.CORRECT, DecisionKind.UNCORRECT}
    if now < one.starts_at and any(given.kind in corrections for given in decisions):
        raise SessionNotBegun
    _check(one, decisions)
    rows = locked_rows(session_id=session_id, leader_ids=[given.leader_id for given in decisions])
    for given in sorted(decisions, key=lambda given: given.leader_id):
        row = rows[given.leader_id]
        _apply(row, given)
        session().add(
            AttendanceDecision(
                live_session_id=session_id,
                leader_id=given.leader_id,
                kind=given.kind,
                present_s=given.present_s,
                late=given.late,
                reason=reason,
                decided_at=now,
                decided_by=actor.label,
            )
        )
        settle(row=row, one=one, now=now)
    kinds = {kind: sum(given.kind == kind for given in decisions) for kind in DecisionKind}
    audit.record(
        actor=actor,
        action="live_session.rule",
        subject=session_id,
        now=now,
        **{kind.value: count for kind, count in kinds.items() if count},
    )


def _apply(row: Attendance, given: Decision) -> None:
    match given.kind:
        case DecisionKind.CORRECT:
            row.corrected_s, row.corrected_late = given.present_s, given.late
        case DecisionKind.UNCORRECT:
            row.corrected_s = row.corrected_late = None
        case _:
            row.excused = given.kind == DecisionKind.EXCUSE


def _check(one: LiveSession, decisions: Sequence[Decision]) -> None:
    scheduled_s = (one.ends_at - one.starts_at) // timedelta(seconds=1)
    members = live.could_attend(one, [given.leader_id for given in decisions])
    seen: set[str] = set()
    for place, given in enumerate(decisions):
        if given.leader_id not in members or given.leader_id in seen:
            text = Text("不在该班次中，或重复。", "Is not in the cohort, or named twice.")
            raise InvalidInput.at(f"/items/{place}/leader_id", text)
        seen.add(given.leader_id)
        corrects = given.kind == DecisionKind.CORRECT
        if corrects != (given.present_s is not None) or (given.present_s or 0) > scheduled_s:
            text = Text(
                f"更正时须填写出勤秒数，最多 {scheduled_s} 秒。",
                f"A correction, and nothing else, says the seconds: at most {scheduled_s}.",
            )
            raise InvalidInput.at(f"/items/{place}/present_s", text)
