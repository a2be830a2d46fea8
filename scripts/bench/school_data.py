"""A school to look at: one program, and leaders everywhere between its first lesson and its last.

Written by PostgreSQL itself. Every leader has begun every lesson, as the worst case, and has done
them up to a place of their own; one in fifty has done all. Lessons are videos of ten minutes in
courses of twenty, in modules of five. What is counted is not written: the count finds it out.
Each lesson done and each session attended gave its points; everybody took an assessment of ten
questions once; a month is settled in which two thirds sold something.
"""

from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy import text

from groupbuy.kernel.db import session

SECONDS = 600
MEMBERS = 30
QUESTIONS = 10
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

POINTS = """
insert into points_entries (id, leader_id, points, cause, cause_id, reason, at, by)
select gen_random_uuid(), leader_id, 10, 'lesson', 'lsn_' || replace(lesson_id::text, '-', ''), '',
    completed_at, 'system'
from lesson_records where completed_at is not null;
insert into points_entries (id, leader_id, points, cause, cause_id, reason, at, by)
select gen_random_uuid(), leader_id, 20, 'session',
    'lvs_' || replace(live_session_id::text, '-', ''), '', counted_at, 'system'
from attendances where counts;
insert into points_standings (leader_id, points, reached_at)
select leader_id, sum(points), max(at) from points_entries group by leader_id;
"""

EXAMS = """
insert into question_banks (id, code, title_zh, title_en, version)
values (gen_random_uuid(), 'bench', '题库', 'Bank', 1);
create temp table bench_questions as
select gen_random_uuid() as id, gen_random_uuid() as version_id, b.id as bank_id, n
from question_banks b, generate_series(1, :questions) n;
insert into questions (id, bank_id, code, kind, number, version)
select id, bank_id, 'question-' || n, 'single', 1, 1 from bench_questions;
insert into question_versions (id, question_id, number, marks, body, created_at, created_by)
select version_id, id, 1, 1, jsonb_build_object('prompt_zh', '题', 'prompt_en', 'Question'),
    :since, 'bench'
from bench_questions;
insert into assessments (id, lesson_id, created_at, created_by)
select gen_random_uuid(), id, :since, 'bench' from bench_lessons where place = 1;
insert into assessment_versions (id, assessment_id, number, sections, question_ids, pass_bps,
    max_attempts, cooldown_minutes, time_limit_s, grading, review, shuffle_questions,
    shuffle_options, state, created_at, created_by, published_at, published_by, version)
select gen_random_uuid(), id, 1, '[]', '[]', 8000, 0, 0, 0, 'highest', 'after_pass', true, true,
    'published', :since, 'bench', :since, 'bench', 1
from assessments;
insert into assessment_items (assessment_version_id, question_id, question_version_id, section,
    position)
select v.id, q.id, q.version_id, 0, q.n from assessment_versions v, bench_questions q;
create temp table bench_attempts as
select gen_random_uuid() as id, l.id as leader_id, l.n from bench_leaders l;
insert into attempts (id, leader_id, assessment_id, assessment_version_id, number, state,
    started_at, ended_at, graded_at, score_bps, reason)
select b.id, b.leader_id, v.assessment_id, v.id, 1, 'submitted', :since, :since, :since,
    (select 1000 * count(*) from bench_questions q where (b.n * q.n) % 7 < 4), ''
from bench_attempts b, assessment_versions v;
insert into attempt_questions (attempt_id, question_id, question_version_id, position, marks,
    options, answer, answered_at, mark_bps)
select b.id, q.id, q.version_id, q.n, 1, '["a","b","c","d"]',
    jsonb_build_object('value', substr('abcd', cast(1 + (b.n + q.n) % 4 as int), 1)), :since,
    case when (b.n * q.n) % 7 < 4 then 10000 else 0 end
from bench_attempts b, bench_questions q;
"""

MONTH = """
insert into settlement_periods (month, state, hold_days, min_payout_fen, starts_at, ends_at,
    window_from, cutoff_at, calc_rev, calculated_by, calculated_at, input_digest, digest)
values ('2026-01', 'draft', 7, 0, '2025-12-31T16:00Z', '2026-01-31T16:00Z', '2025-12-31T16:00Z',
    '2026-02-07T16:00Z', 1, 'bench', '2026-02-07T17:00Z', '', '');
insert into settlement_statements (id, month, leader_id, carry_in_fen, volume_fen, uncapped_fen,
    sales_fen, clawback_fen, payable_fen, payout_fen, carry_out_fen, digest, override_fen,
    service_fee_fen, quota_bonus_fen, rank_bonus_fen, guarantee_fen, split_fen, transfer_fen,
    adjustment_fen, write_off_fen, hold_fen, release_fen)
select gen_random_uuid(), '2026-01', id, 0, n * 7919 % 500000, 0, 0, 0, 0, 0, 0, '', 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0
from bench_leaders where n % 3 <> 0;
update settlement_periods set state = 'locked', submitted_by = 'bench', submitted_at = cutoff_at,
    approved_by = 'other', approved_at = cutoff_at, locked_by = 'other', locked_at = cutoff_at;
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
        "questions": QUESTIONS,
    }
    parts = {
        "people": PEOPLE,
        "lessons": LESSONS,
        "records": RECORDS,
        "cohorts": COHORTS,
        "points": POINTS,
        "exams": EXAMS,
        "a settled month": MONTH,
    }
    for name, statements in parts.items():
        show(f"building: {name}")
        for statement in statements.split(";\n"):
            if statement.strip():
                prepared = text(statement)
                wanted = prepared.compile().params
                session().execute(prepared, {key: given[key] for key in wanted})
