"""What a leader tells about learning: seconds of a video that were seen, an article that was read.

Told again, in another order or twice at once, it comes to the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Integer, Row, String, bindparam, text
from sqlalchemy.dialects.postgresql import INT4MULTIRANGE

from groupbuy.kernel.db import Instant, session
from groupbuy.kernel.ids import Id
from groupbuy.kernel.problems import InvalidInput
from groupbuy.kernel.texts import Text
from groupbuy.training.errors import NotEnrolled
from groupbuy.training.kinds.registry import KINDS
from groupbuy.training.queries.unlocking import unlocked
from groupbuy.training.rules.content import LessonKind, LessonState, lesson_state
from groupbuy.training.rules.watching import Span, enough
from groupbuy.training.services.marking import is_satisfied, mark


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a leader stands with a lesson; `watched` are spans, `length_s` is a video's."""

    lesson_id: str
    state: LessonState
    watched: list[list[int]]
    watched_s: int
    length_s: int | None
    completed_at: datetime | None
    passed_at: datetime | None
    waived_at: datetime | None


def record_progress(
    *,
    leader_id: str,
    lesson_id: str,
    watched: Sequence[Span] | None = None,
    read: bool | None = None,
    now: datetime,
) -> Progress:
    """Add what a leader has seen or read of a lesson, which begins it.

    In the ordinary case, when the lesson is begun and this does not end it, in one statement.

    Raises:
        NotFound, NotEnrolled, NotTaught, LessonLocked: the leader may not learn it (see
            `queries.unlocking`).
        InvalidInput: that is not how a lesson of its kind is learnt.
    """
    row = _add(leader_id, lesson_id, watched or (), now)
    if row is None:
        kind = unlocked(leader_id=leader_id, lesson_id=lesson_id).lesson.kind
        _refuse_unfit(kind, watched, read)
        mark(leader_id=leader_id, lesson_id=lesson_id, now=now)
        row = _add(leader_id, lesson_id, watched or (), now)
        if row is None:
            raise NotEnrolled
    _refuse_unfit(row.kind, watched, read)
    seen = row.length_s is not None and enough(row.watched_s, row.length_s)
    if row.completed_at is None and (read or seen):
        record = mark(leader_id=leader_id, lesson_id=lesson_id, completed=True, now=now)
        return _told(row, record.completed_at, is_satisfied(record))
    return _told(row, row.completed_at, row.satisfied)


def _told(row: Row[Any], completed_at: datetime | None, satisfied: bool) -> Progress:
    return Progress(
        lesson_id=row.lesson_id,
        state=lesson_state(
            locked=False,
            begun=True,
            completed=completed_at is not None,
            passed=row.passed_at is not None,
            satisfied=satisfied,
            waived=row.waived_at is not None,
        ),
        watched=[[span.lower, span.upper] for span in row.watched],
        watched_s=row.watched_s,
        length_s=row.length_s,
        completed_at=completed_at,
        passed_at=row.passed_at,
        waived_at=row.waived_at,
    )


def _refuse_unfit(kind: str, watched: Sequence[Span] | None, read: bool | None) -> None:
    told = {"watched": watched, "read": read}
    fits = KINDS[LessonKind(kind)].told
    for name, value in told.items():
        if value is not None and name != fits:
            raise InvalidInput.at(f"/{name}", _UNFIT[name])
    if fits is not None and told[fits] is None:
        raise InvalidInput.at(f"/{fits}", _WANTED[fits])


_UNFIT = {
    "watched": Text("只有视频课按观看时间计。", "Only of a video it is told what was watched."),
    "read": Text("只有图文课按阅读计。", "Only of an article it is told that it was read."),
}
_WANTED = {
    "watched": Text("请说明看了哪些秒。", "Tell which seconds of the video were watched."),
    "read": Text("请说明是否已读。", "Tell whether the article was read."),
}

_ADD = (
    text(
        """\
with told as (
    update lesson_records r
    set (watched, watched_s) = (
            select seen, coalesce((select sum(upper(s) - lower(s)) from unnest(seen) as s), 0)
            from (
                select r.watched + cast(:spans as int4multirange) * int4multirange(
                    int4range(0, coalesce(cast(v.content ->> 'duration_s' as integer), 0))
                )
            ) as union_of_both (seen)
        ),
        active_at = greatest(r.active_at, :now)
    from lesson_versions v, lessons l, enrollments e
    where r.leader_id = :leader_id and r.lesson_id = :lesson_id
        and v.id = r.lesson_version_id and l.id = r.lesson_id
        and e.leader_id = r.leader_id and e.program_id = r.program_id and e.state <> 'withdrawn'
    returning r.*, l.kind, e.id as enrollment_id,
        cast(v.content ->> 'duration_s' as integer) as length_s
), active as (
    update enrollments e set active_at = greatest(e.active_at, :now)
    from told where e.id = told.enrollment_id
)
select lesson_id, kind, length_s, watched, watched_s, completed_at, passed_at, waived_at, satisfied
from told"""
    )
    .bindparams(
        bindparam("leader_id", type_=Id("ldr")),
        bindparam("lesson_id", type_=Id("lsn")),
        bindparam("now", type_=Instant()),
        bindparam("spans", type_=String()),
    )
    .columns(
        lesson_id=Id("lsn"),
        kind=String(),
        length_s=Integer(),
        watched=INT4MULTIRANGE(),
        watched_s=Integer(),
        completed_at=Instant(),
        passed_at=Instant(),
        waived_at=Instant(),
    )
)


def _add(leader_id: str, lesson_id: str, spans: Sequence[Span], now: datetime) -> Row[Any] | None:
    """Add what was seen to a lesson that is begun, in one statement; None if it is not begun.

    The union is that of `rules.watching.watched`. Of two at once the second waits, and adds to
    what the first has written.
    """
    told = {
        "leader_id": leader_id,
        "lesson_id": lesson_id,
        "now": now,
        "spans": "{" + ",".join(f"[{start},{end})" for start, end in spans) + "}",
    }
    return session().execute(_ADD, told).one_or_none()
