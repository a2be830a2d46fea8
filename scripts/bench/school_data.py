"""A school to look at: one program, and leaders everywhere between its first lesson and its last.

Written by PostgreSQL itself. Every leader has begun every lesson, as the worst case, and has done
them up to a place of their own; one in fifty has done all. Lessons are videos of ten minutes in
courses of twenty, in modules of five. What is counted is not written: the count finds it out.
"""

from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy import text

from groupbuy.kernel.db import session

SECONDS = 600
MEMBERS = 30
SINCE = datetime(2026, 1, 1, tzinfo=UTC)

PEOPLE = """
insert into shoppers (id, openid, name, registered_at, last_login_at)
select gen_random_uuid(), 'bench-' || n, 'Leader ' || n, :since, :since
from generate_series(1, :leaders) n;
insert into leaders (id, shopper_id, name, level, region, state, since, version)
select gen_random_uuid(), id, name, 1, 'Hangzhou', 'active', :since, 1 from shoppers;
"""

LESSONS = """
insert into programs (id, code, title_zh, title_en, summary_zh, summary_en, position, state,
    version)
values (gen_random_uuid(), 'bench', '社群入门', 'First steps', '', '', 1, 'published', 1);
insert into courses (id, program_id, code, title_zh, title_en, summary_zh, summary_en, position,
    mandatory, ordered, state, version)
select gen_random_uuid(), id, 'course-' || n, '课程', 'Course ' || n, '', '', n, true, false,
    'published', 1
from programs, generate_series(0, (:lessons - 1) / 20) n;
insert into modules (id, course_id, title_zh, title_en, position, version)
select gen_random_uuid(), id, '单元', 'Module ' || n, n, 1
from courses, generate_series(1, 4) n;
create temp table bench_lessons as
select gen_random_uuid() as id, gen_random_uuid() as version_id, m.id as module_id, n as place
from generate_series(1, :lessons) n
join courses c on c.position = (n - 1) / 20
join modules m on m.course_id = c.id and m.position = 1 + (n - 1) % 20 / 5;
insert into lessons (id, module_id, code, kind, position, mandatory, version)
select id, module_id, 'lesson-' || place, 'video', place, true, 1 from bench_lessons;
insert into lesson_versions (id, lesson_id, number, title_zh, title_en, move_on, minutes, content,
    state, created_at, created_by, published_at, published_by, version)
select version_id, id, 1, '第' || place || '课', 'Lesson ' || place, 'completed', 10,
    jsonb_build_object('url', 'https://groupbuy.example/' || place, 'duration_s', :seconds),
    'published', :since, 'bench', :since, 'bench', 1
from bench_lessons;
"""

RECORDS = """
create temp table bench_leaders as
select id, row_number() over (order by id) as n,
    case when row_number() over (order by id) % 50 = 0 then :lessons
        else (row_number() over (order by id) * 7919) % :lessons end as reached
from leaders;
insert into enrollments (id, leader_id, program_id, state, enrolled_at, enrolled_by, active_at,
    required, done)
select gen_random_uuid(), l.id, p.id, 'active', :since, 'bench',
    cast(:now as timestamptz) - (l.n * 104729 % 60) * interval '1 day' - l.n * interval '1 second',
    0, 0
from bench_leaders l, programs p;
insert into lesson_records (leader_id, lesson_id, program_id, lesson_version_id, move_on, begun_at,
    active_at, watched, watched_s, completed_at, reason)
select l.id, s.id, p.id, s.version_id, 'completed', :since, cast(:now as timestamptz),
    case when s.place <= l.reached then cast('{[0,600)}' as int4multirange)
        else cast('{[0,60)}' as int4multirange) end,
    case when s.place <= l.reached then :seconds else 60 end,
    case when s.place <= l.reached
        then :since + (l.n + s.place) % 30 * interval '1 day' end, ''
from bench_leaders l, bench_lessons s, programs p;
"""

COHORTS = """
insert into staff (id, email, name, role, password_hash, active, version, created_at)
values (gen_random_uuid(), 'lan@groupbuy.example', 'Lan', 'trainer', '', true, 1, :since);
create temp table bench_cohorts as
select gen_random_uuid() as id, n from generate_series(0, (:leaders - 1) / :members) n;
insert into cohorts (id, program_id, trainer_id, title_zh, title_en, first_day, last_day,
    capacity, open, pattern, skipped_days, lessons_in_order, place, grace_minutes, state,
    created_at, created_by, reason, version)
select c.id, p.id, s.id, '班', 'Group ' || c.n, '2026-01-05', '2026-03-01', :members, false, '[]',
    '[]', true, '', 10, 'running', :since, 'bench', '', 1
from bench_cohorts c, programs p, staff s;
insert into cohort_members (id, cohort_id, leader_id, joined_at, joined_by)
select gen_random_uuid(), c.id, l.id, :since, 'bench'
from bench_leaders l join bench_cohorts c on c.n = (l.n - 1) / :members;
create temp table bench_sessions as
select gen_random_uuid() as id, c.id as cohort_id, k as number,
    cast('2026-01-05T11:30:00Z' as timestamptz) + k / 3 * interval '7 days'
        + k % 3 * interval '2 days' as starts_at
from bench_cohorts c, generate_series(0, 23) k;
insert into live_sessions (id, cohort_id, title_zh, title_en, starts_at, ends_at, place, by_hand,
    replay_url, state, changed_at, closed_at, reason, version)
select id, cohort_id, '', '', starts_at, starts_at + interval '1 hour', '', false, '', 'planned',
    :since, starts_at + interval '2 hours', '', 1
from bench_sessions;
insert into attendances (live_session_id, leader_id, checked_in_at, late, excused, status,
    present_s, counted_at)
select s.id, m.leader_id, s.starts_at, false, false, 'present', 3600,
    s.starts_at + interval '2 hours'
from bench_sessions s join cohort_members m on m.cohort_id = s.cohort_id
join bench_leaders l on l.id = m.leader_id where (l.n + s.number) % 7 <> 0;
"""


def build(*, leaders: int, lessons: int, now: datetime, show: Callable[[str], object]) -> None:
    """Write the school."""
    given: dict[str, object] = {
        "leaders": leaders,
        "lessons": lessons,
        "now": now,
        "since": SINCE,
        "seconds": SECONDS,
        "members": MEMBERS,
    }
    parts = {"people": PEOPLE, "lessons": LESSONS, "records": RECORDS, "cohorts": COHORTS}
    for name, statements in parts.items():
        show(f"building: {name}")
        for statement in statements.split(";\n"):
            if statement.strip():
                prepared = text(statement)
                wanted = prepared.compile().params
                session().execute(prepared, {key: given[key] for key in wanted})
