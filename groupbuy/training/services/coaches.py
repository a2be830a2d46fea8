"""Who coaches, how many at a time, and what plans begin with."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from groupbuy.identity.models import Staff
from groupbuy.kernel import audit
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import session
from groupbuy.kernel.ids import new_id
from groupbuy.kernel.problems import InvalidInput, NotFound, StaleVersion
from groupbuy.kernel.texts import Text
from groupbuy.training.errors import CoachAway, CoachFull, CoachKnown, TemplateInUse
from groupbuy.training.models import Coach, CoachingTemplate, Lesson
from groupbuy.training.queries import coaching as queries
from groupbuy.training.rules.coaching import COACH_ROLES

NO_LESSON = Text("没有这节课。", "There is no such lesson.")


def add_coach(*, staff_id: str, load_limit: int, actor: Actor, now: datetime) -> Coach:
    """Let a member of staff coach.

    Raises:
        CoachAway: it is nobody of the staff who may: an active trainer or operator.
        CoachKnown: it is a coach already.
    """
    staff = session().get(Staff, staff_id)
    if staff is None or not staff.active or staff.role not in COACH_ROLES:
        raise CoachAway
    new = insert(Coach).values(staff_id=staff_id, load_limit=load_limit, active=True, version=1)
    added: Coach | None = session().scalar(new.on_conflict_do_nothing().returning(Coach))
    if added is None:
        raise CoachKnown
    audit.record(actor=actor, action="coach.add", subject=staff_id, now=now, load_limit=load_limit)
    return added


def edit_coach(
    *, staff_id: str, if_match: int, actor: Actor, now: datetime, **changes: Any
) -> Coach:
    """Change how many leaders somebody coaches, or whether at all.

    Raises:
        NotFound, StaleVersion: as for every edit.
        CoachFull: there are more open plans than the new limit allows.
    """
    coach = locked_coach(staff_id=staff_id)
    if coach is None:
        raise NotFound
    if coach.version != if_match:
        raise StaleVersion
    load = queries.loads([staff_id]).get(staff_id, 0)
    if changes.get("load_limit", load) < load:
        raise CoachFull(load=load, load_limit=changes["load_limit"])
    for field, value in changes.items():
        setattr(coach, field, value)
    session().flush()
    audit.record(actor=actor, action="coach.edit", subject=staff_id, now=now, **changes)
    return coach


def locked_coach(*, staff_id: str) -> Coach | None:
    """Return a coach, locked: whoever gives them a plan counts under this lock."""
    query = select(Coach).where(Coach.staff_id == staff_id).with_for_update()
    return session().scalar(query.execution_options(populate_existing=True))


def add_template(
    *,
    segment: str,
    title_zh: str,
    title_en: str,
    tasks: Sequence[dict[str, Any]],
    actor: Actor,
    now: datetime,
) -> CoachingTemplate:
    """Add what plans for a segment begin with, in use from now on.

    Raises:
        InvalidInput: a task names a lesson that is not there.
        TemplateInUse: another one of the segment is in use.
    """
    check_lessons(tasks=tasks)
    values = {"segment": segment, "title_zh": title_zh, "title_en": title_en, "tasks": list(tasks)}
    new = insert(CoachingTemplate).values(id=new_id("cpt"), active=True, version=1, **values)
    added: CoachingTemplate | None = session().scalar(
        new.on_conflict_do_nothing().returning(CoachingTemplate)
    )
    if added is None:
        raise TemplateInUse
    audit.record(
        actor=actor, action="coaching_template.add", subject=added.id, now=now, segment=segment
    )
    return added


def edit_template(
    *, template_id: str, if_match: int, actor: Actor, now: datetime, **changes: Any
) -> CoachingTemplate:
    """Change a template for the plans that begin from now on.

    Raises:
        NotFound, StaleVersion, InvalidInput: as when it was added.
        TemplateInUse: it is to be in use while another one is.
    """
    check_lessons(tasks=changes.get("tasks", ()))
    # Both templates of a segment could else be put into use at the same time.
    query = select(CoachingTemplate).order_by(CoachingTemplate.id).with_for_update()
    known = {row.id: row for row in session().scalars(query)}
    found = known.get(template_id)
    if found is None:
        raise NotFound
    session().refresh(found)
    if found.version != if_match:
        raise StaleVersion
    others = (row for row in known.values() if row is not found and row.active)
    if changes.get("active") and any(row.segment == found.segment for row in others):
        raise TemplateInUse
    for field, value in changes.items():
        setattr(found, field, value)
    session().flush()
    fields = sorted(changes)
    audit.record(
        actor=actor, action="coaching_template.edit", subject=found.id, now=now, fields=fields
    )
    return found


def check_lessons(*, tasks: Sequence[dict[str, Any]]) -> None:
    """Raise InvalidInput where a task is of a lesson that is not there, or of none."""
    known = _known_lessons(tasks)
    faults = [
        {"pointer": f"/tasks/{place}/lesson_id", "detail": NO_LESSON}
        for place, task in enumerate(tasks)
        if task.get("lesson_id") and task["lesson_id"] not in known
    ]
    if faults:
        raise InvalidInput(errors=faults)


def tasks_of(template: CoachingTemplate | None) -> list[dict[str, Any]]:
    """Return what a plan begins with; a lesson that was removed since is not asked for."""
    tasks = template.tasks if template else []
    known = _known_lessons(tasks)
    return [task for task in tasks if not task.get("lesson_id") or task["lesson_id"] in known]


def _known_lessons(tasks: Sequence[dict[str, Any]]) -> set[str]:
    wanted = {task["lesson_id"] for task in tasks if task.get("lesson_id")}
    return set(session().scalars(select(Lesson.id).where(Lesson.id.in_(wanted))))
