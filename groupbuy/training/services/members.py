"""Who is in a cohort: headquarters adds and removes leaders; leaders join and leave."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from groupbuy.kernel import audit
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import session
from groupbuy.kernel.problems import InvalidInput, NotFound
from groupbuy.kernel.texts import Text
from groupbuy.leaders import queries as leaders
from groupbuy.training.errors import CohortFull
from groupbuy.training.models import Cohort, CohortMember
from groupbuy.training.queries import cohorts
from groupbuy.training.services.cohorts import refuse_ended
from groupbuy.training.services.enrolling import enroll


def add(
    *, cohort_id: str, leader_ids: Sequence[str], actor: Actor, now: datetime
) -> list[CohortMember]:
    """Put leaders into a cohort, which enrols them in its program; who is in it stays.

    Raises:
        NotFound: there is no such cohort.
        NotInThisState: it is finished or cancelled.
        InvalidInput: somebody is no active leader.
        CohortFull: there are not places for all of them; nobody is added.
        NotTaught: the program is not published.
    """
    cohort = cohorts.locked_cohort(cohort_id)
    refuse_ended(cohort=cohort, action="join")
    active = leaders.active_leader_ids(leader_ids)
    for place, leader_id in enumerate(leader_ids):
        if leader_id not in active:
            text = Text("不是在职团长。", "Is no active leader.")
            raise InvalidInput.at(f"/leader_ids/{place}", text)
    members = _enter(cohort, sorted(set(leader_ids)), actor, now)
    audit.record(
        actor=actor,
        action="cohort.add_members",
        subject=cohort.id,
        now=now,
        leaders=[member.leader_id for member in members],
    )
    return members


def remove(*, cohort_id: str, leader_id: str, actor: Actor, now: datetime) -> None:
    """Take a leader out of a cohort; attendances stay, and so does the enrolment.

    Raises:
        NotFound: the leader is not in it.
        NotInThisState: it is finished or cancelled.
    """
    _leave(cohort_id, leader_id, actor, now)
    audit.record(
        actor=actor, action="cohort.remove_member", subject=cohort_id, now=now, leader=leader_id
    )


def join(*, cohort_id: str, leader_id: str, actor: Actor, now: datetime) -> CohortMember:
    """Let a leader into a cohort that is open, which enrols them; repeatable.

    Raises:
        NotFound: there is none that this leader may join.
        CohortFull: it has no place left.
        NotTaught: the program is not published.
    """
    cohort = cohorts.locked_cohort(cohort_id)
    if not _in_it(cohort, [leader_id]):
        # Whether others know of it, this leader does not.
        if not cohort.open:
            raise NotFound
        refuse_ended(cohort=cohort, action="join")
    return _enter(cohort, [leader_id], actor, now)[0]


def leave(*, cohort_id: str, leader_id: str, actor: Actor, now: datetime) -> None:
    """Let a leader leave a cohort; what was attended and learned stays.

    Raises:
        NotFound: the leader is not in it.
        NotInThisState: it is finished or cancelled.
    """
    _leave(cohort_id, leader_id, actor, now)


def _in_it(cohort: Cohort, leader_ids: Sequence[str]) -> dict[str, CohortMember]:
    query = select(CohortMember).where(
        CohortMember.cohort_id == cohort.id,
        CohortMember.leader_id.in_(leader_ids),
        CohortMember.left_at.is_(None),
    )
    return {member.leader_id: member for member in session().scalars(query)}


def _enter(
    cohort: Cohort, leader_ids: Sequence[str], actor: Actor, now: datetime
) -> list[CohortMember]:
    """Add who is not in it yet; the cohort is locked, so its places cannot be given twice."""
    members = _in_it(cohort, leader_ids)
    new = [leader_id for leader_id in leader_ids if leader_id not in members]
    if new and len(cohorts.member_ids(cohort.id)) + len(new) > cohort.capacity:
        raise CohortFull(capacity=cohort.capacity)
    for leader_id in new:
        enroll(leader_id=leader_id, program_id=cohort.program_id, actor=actor, now=now)
        members[leader_id] = CohortMember(
            cohort_id=cohort.id, leader_id=leader_id, joined_at=now, joined_by=actor.label
        )
    session().add_all(members[leader_id] for leader_id in new)
    session().flush()
    return [members[leader_id] for leader_id in leader_ids]


def _leave(cohort_id: str, leader_id: str, actor: Actor, now: datetime) -> None:
    cohort = cohorts.locked_cohort(cohort_id)
    member = cohorts.member(cohort_id=cohort_id, leader_id=leader_id)
    refuse_ended(cohort=cohort, action="leave")
    member.left_at, member.left_by = now, actor.label
    session().flush()
