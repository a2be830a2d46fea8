"""Applying, deciding, and what a leader is: level, region, active or suspended."""

from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from groupbuy.kernel import audit
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import session
from groupbuy.kernel.problems import InvalidInput, NotFound, NotInThisState
from groupbuy.kernel.signals import announce
from groupbuy.kernel.texts import Text
from groupbuy.leaders import queries, signals
from groupbuy.leaders.errors import AlreadyLeader, ApplicationPending
from groupbuy.leaders.models import (
    ONE_PENDING,
    Leader,
    LeaderApplication,
    LeaderStanding,
)
from groupbuy.leaders.queries import qualifications
from groupbuy.leaders.rules import APPLICATION_MOVES, LEADER_MOVES, only_move
from groupbuy.leaders.services.editing import edited


def apply(
    *,
    shopper_id: str,
    name: str,
    phone: str,
    region: str,
    introduction: str = "",
    recruiter_id: str | None = None,
    now: datetime,
) -> LeaderApplication:
    """File a shopper's application.

    Raises:
        AlreadyLeader: the shopper is a leader, active or suspended.
        ApplicationPending: an earlier application is not decided.
        InvalidInput: the recruiter is not an active leader.
    """
    if session().scalar(select(Leader.id).where(Leader.shopper_id == shopper_id)) is not None:
        raise AlreadyLeader
    if recruiter_id is not None and not queries.active_leader_ids([recruiter_id]):
        raise InvalidInput.at(
            "/recruiter_id", Text("推荐人不是在任团长。", "Not an active leader.")
        )
    filing = (
        insert(LeaderApplication)
        .values(
            shopper_id=shopper_id,
            name=name,
            phone=phone,
            region=region,
            introduction=introduction,
            recruiter_id=recruiter_id,
            applied_at=now,
        )
        .on_conflict_do_nothing(
            index_elements=["shopper_id"],
            index_where=ONE_PENDING,
        )
        .returning(LeaderApplication)
    )
    filed = session().scalars(filing).one_or_none()
    if filed is None:
        raise ApplicationPending
    return filed


def withdraw(
    *, application_id: str, shopper_id: str, actor: Actor, now: datetime
) -> LeaderApplication:
    """Take one's own application back before it is decided, and return it.

    Raises:
        NotFound: it is somebody else's.
        NotInThisState: it was decided or withdrawn.
    """
    if queries.application(application_id).shopper_id != shopper_id:
        raise NotFound
    return _settle(application_id=application_id, action="withdraw", actor=actor, now=now)


def approve(*, application_id: str, actor: Actor, now: datetime) -> Leader:
    """Accept an application and make its shopper a leader, in one step.

    Raises:
        NotInThisState: it was decided or withdrawn, perhaps a moment ago by somebody else.
        AlreadyLeader: the shopper became a leader by another application.
    """
    application = _settle(
        application_id=application_id,
        action="approve",
        actor=actor,
        now=now,
        decided_by=actor.id,
        decided_at=now,
    )
    founding = (
        insert(Leader)
        .values(
            shopper_id=application.shopper_id,
            name=application.name,
            region=application.region,
            recruiter_id=application.recruiter_id,
            since=now,
        )
        .on_conflict_do_nothing(index_elements=["shopper_id"])
        .returning(Leader)
    )
    leader = session().scalars(founding).one_or_none()
    if leader is None:
        raise AlreadyLeader
    _stand(leader, actor=actor, now=now, reason="approved")
    announce(signals.leader_approved, leader, application_id=application_id, actor=actor, now=now)
    return leader


def reject(*, application_id: str, reason: str, actor: Actor, now: datetime) -> LeaderApplication:
    """Refuse an application, tell why, and return it.

    Raises:
        NotInThisState: it was decided or withdrawn.
    """
    return _settle(
        application_id=application_id,
        action="reject",
        actor=actor,
        now=now,
        decided_by=actor.id,
        decided_at=now,
        reason=reason,
    )


def suspend(*, leader_id: str, reason: str, actor: Actor, now: datetime) -> Leader:
    """Stop a leader from selling.

    Raises:
        NotInThisState: the leader is suspended already.
    """
    return _turn(leader_id=leader_id, action="suspend", reason=reason, actor=actor, now=now)


def reinstate(*, leader_id: str, reason: str, actor: Actor, now: datetime) -> Leader:
    """Let a suspended leader sell again.

    Raises:
        NotInThisState: the leader is active.
    """
    return _turn(leader_id=leader_id, action="reinstate", reason=reason, actor=actor, now=now)


def set_level(
    *, leader_id: str, level: int, reason: str, if_match: int, actor: Actor, now: datetime
) -> Leader:
    """Give a leader another level from now on.

    Raises:
        NotFound: there is no such leader.
        StaleVersion: the leader changed since it was read.
        QualificationMissing: a higher level asks for what the leader is not qualified in.
    """
    if level > queries.leader(leader_id).level:
        codes = qualifications.asked_by_level(level)
        qualifications.demand_qualified(leader_id=leader_id, codes=codes, at=now)
    leader = edited(row=queries.leader(leader_id), if_match=if_match, changes={"level": level})
    _stand(leader, actor=actor, now=now, reason=reason)
    audit.record(
        actor=actor, action="leader.level", subject=leader_id, now=now, level=level, reason=reason
    )
    return leader


def set_region(
    *, leader_id: str, region: str, reason: str, if_match: int, actor: Actor, now: datetime
) -> Leader:
    """Put a leader into another region from now on.

    Raises:
        NotFound: there is no such leader.
        StaleVersion: the leader changed since it was read.
    """
    leader = edited(row=queries.leader(leader_id), if_match=if_match, changes={"region": region})
    _stand(leader, actor=actor, now=now, reason=reason)
    audit.record(
        actor=actor,
        action="leader.region",
        subject=leader_id,
        now=now,
        region=region,
        reason=reason,
    )
    return leader


def _settle(
    *, application_id: str, action: str, actor: Actor, now: datetime, **values: Any
) -> LeaderApplication:
    """Move an undecided application once, whoever else tries at the same moment."""
    before, after = only_move(APPLICATION_MOVES, action)
    settled: LeaderApplication | None = session().scalar(
        update(LeaderApplication)
        .where(LeaderApplication.id == application_id, LeaderApplication.state == before)
        .values(state=after, **values)
        .returning(LeaderApplication),
        execution_options={"populate_existing": True},
    )
    if settled is None:
        state = queries.application(application_id).state
        raise NotInThisState(state=state, action=action)
    audit.record(
        actor=actor,
        action=f"leader_application.{action}",
        subject=application_id,
        now=now,
        reason=settled.reason,
    )
    return settled


def _turn(*, leader_id: str, action: str, reason: str, actor: Actor, now: datetime) -> Leader:
    before, after = only_move(LEADER_MOVES, action)
    turned: Leader | None = session().scalar(
        update(Leader)
        .where(Leader.id == leader_id, Leader.state == before)
        .values(state=after, version=Leader.version + 1)
        .returning(Leader),
        execution_options={"populate_existing": True},
    )
    if turned is None:
        raise NotInThisState(state=queries.leader(leader_id).state, action=action)
    audit.record(actor=actor, action=f"leader.{action}", subject=leader_id, now=now, reason=reason)
    return turned


def _stand(leader: Leader, *, actor: Actor, now: datetime, reason: str) -> None:
    """Note which level and region a leader has from now on."""
    session().add(
        LeaderStanding(
            leader_id=leader.id,
            level=leader.level,
            region=leader.region,
            from_at=now,
            decided_by=actor.label,
            reason=reason,
        )
    )
    session().flush()
