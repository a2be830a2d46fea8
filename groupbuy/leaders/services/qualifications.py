"""What leaders are qualified in: told by whoever examines them; and what a level asks for.

Nothing is recorded for a time that has passed, so a month can be computed again exactly.
"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert

from groupbuy.kernel import audit
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import session
from groupbuy.kernel.problems import NotFound
from groupbuy.leaders.models import LeaderQualification, LevelRule, Qualification
from groupbuy.leaders.queries.qualifications import demand_known


def offer_qualification(*, code: str, title_zh: str, title_en: str) -> None:
    """Make known what leaders can be qualified in, or give it another title."""
    titles = {"title_zh": title_zh, "title_en": title_en}
    offering = insert(Qualification).values(code=code, **titles)
    session().execute(offering.on_conflict_do_update(index_elements=["code"], set_=titles))


def record_achievement(
    *,
    leader_id: str,
    code: str,
    from_at: datetime,
    until_at: datetime | None,
    source: str,
    now: datetime,
) -> None:
    """Qualify a leader in [from_at, until_at), or from `now` on if that is later.

    Args:
        leader_id: who is qualified.
        code: in what; it was offered before.
        from_at, until_at: since when and, unless for good, until when.
        source: what it was earned by; the same source again changes nothing.
        now: when it is recorded.
    """
    begins_at = max(from_at, now)
    if until_at is not None and until_at <= begins_at:
        return
    recording = insert(LeaderQualification).values(
        leader_id=leader_id,
        code=code,
        from_at=begins_at,
        until_at=until_at,
        source=source,
        recorded_at=now,
    )
    session().execute(recording.on_conflict_do_nothing(index_elements=["source"]))


def end_achievements(*, sources: Collection[str], now: datetime) -> None:
    """End at once what was earned by these sources; what has ended already stays as it is."""
    row = LeaderQualification
    session().execute(
        update(row)
        .where(row.source.in_(sources), row.ended_at.is_(None))
        .values(ended_at=now)
        .execution_options(synchronize_session=False)
    )


def demand_for_level(*, level: int, code: str, actor: Actor, now: datetime) -> LevelRule:
    """Ask for a qualification before anybody is raised to a level; a second time changes nothing.

    Raises:
        UnknownQualification: nothing leads to it.
    """
    demand_known(code)
    asking = insert(LevelRule).values(
        level=level, code=code, created_by=actor.label, created_at=now
    )
    session().execute(asking.on_conflict_do_nothing(index_elements=["level", "code"]))
    found = select(LevelRule).where(LevelRule.level == level, LevelRule.code == code)
    rule = session().scalars(found).one()
    audit.record(
        actor=actor, action="level_rule.add", subject=rule.id, now=now, level=level, code=code
    )
    return rule


def drop_level_rule(*, rule_id: str, actor: Actor, now: datetime) -> None:
    """Ask for it no longer.

    Raises:
        NotFound: there is no such rule.
    """
    dropping = delete(LevelRule).where(LevelRule.id == rule_id)
    dropped = session().execute(dropping.returning(LevelRule.level, LevelRule.code)).one_or_none()
    if dropped is None:
        raise NotFound
    level, code = dropped
    audit.record(
        actor=actor, action="level_rule.drop", subject=rule_id, now=now, level=level, code=code
    )
