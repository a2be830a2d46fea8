"""Weekly targets, set and changed by headquarters."""

from datetime import date, datetime
from typing import Any

from groupbuy.kernel import audit
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import session
from groupbuy.kernel.problems import InvalidInput, StaleVersion
from groupbuy.kernel.texts import Text
from groupbuy.training.models import Cohort, Program, WeeklyTarget
from groupbuy.training.queries import targets as queries

NO_PROGRAM = Text("没有这个学习计划。", "There is no such program.")
NO_COHORT = Text("没有这个班。", "There is no such cohort.")
NOTHING_ASKED = Text("请至少设置一项大于 0 的目标。", "Ask for at least one thing.")
ENDS_EARLY = Text("结束日期不能早于开始日期。", "It cannot end before it begins.")


def set_target(*, actor: Actor, now: datetime, **fields: Any) -> WeeklyTarget:
    """Set a target for each week from a Monday on, until another one if that is given.

    Raises:
        InvalidInput: there is no such program or cohort, it asks for nothing, or it ends before
            it begins.
    """
    program_id = fields.get("program_id")
    if program_id is not None and session().get(Program, program_id) is None:
        raise InvalidInput.at("/program_id", NO_PROGRAM)
    cohort_id = fields.get("cohort_id")
    if cohort_id is not None and session().get(Cohort, cohort_id) is None:
        raise InvalidInput.at("/cohort_id", NO_COHORT)
    _check(fields["from_on"], fields["until_on"], fields)
    target = WeeklyTarget(**fields, set_by=actor.label, set_at=now)
    session().add(target)
    session().flush()
    audit.record(actor=actor, action="weekly_target.set", subject=target.id, now=now)
    return target


def edit_target(
    *, target_id: str, if_match: int, actor: Actor, now: datetime, **changes: Any
) -> WeeklyTarget:
    """Change what a target asks for, or when it ends.

    Raises:
        NotFound, StaleVersion: as for every edit.
        InvalidInput: as when it was set.
    """
    target = queries.target(target_id)
    session().refresh(target, with_for_update=True)
    if target.version != if_match:
        raise StaleVersion
    for field, value in changes.items():
        setattr(target, field, value)
    asked = {name: getattr(target, name) for name in ("lessons", "sessions", "points")}
    _check(target.from_on, target.until_on, asked)
    session().flush()
    audit.record(
        actor=actor, action="weekly_target.edit", subject=target_id, now=now, fields=sorted(changes)
    )
    return target


def _check(from_on: date, until_on: date | None, asked: dict[str, Any]) -> None:
    if not any(asked[name] for name in ("lessons", "sessions", "points")):
        raise InvalidInput.at("/", NOTHING_ASKED)
    if until_on is not None and until_on < from_on:
        raise InvalidInput.at("/until_on", ENDS_EARLY)
