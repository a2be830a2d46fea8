"""What content and progress promise."""

from groupbuy.kernel.books import Invariant

INVARIANTS = (
    Invariant(
        "training.watched_is_its_length",
        "the watched seconds of a lesson are as many as its spans hold, each once",
        "select leader_id, lesson_id, watched_s from lesson_records r where watched_s <> coalesce("
        "(select sum(upper(s) - lower(s)) from unnest(r.watched) as s), 0)",
    ),
    Invariant(
        "training.watched_within_the_video",
        "nobody has watched more of a video than there is",
        "select r.leader_id, r.lesson_id from lesson_records r "
        "join lesson_versions v on v.id = r.lesson_version_id "
        "where not isempty(r.watched) and upper(r.watched) > "
        "coalesce(cast(v.content ->> 'duration_s' as integer), "
        "cast(v.content ->> 'replay_duration_s' as integer), 0)",
    ),
    Invariant(
        "training.records_of_their_program",
        "a record is of a version of its lesson, and of the lesson's program",
        "select r.leader_id, r.lesson_id from lesson_records r "
        "join lesson_versions v on v.id = r.lesson_version_id "
        "join lessons l on l.id = r.lesson_id join modules m on m.id = l.module_id "
        "join courses c on c.id = m.course_id "
        "where v.lesson_id <> r.lesson_id or c.program_id <> r.program_id or v.state = 'draft'",
    ),
    Invariant(
        "training.prerequisites_of_their_program",
        "what needs and what is needed are of one program",
        """
        with parts as (
            select c.program_id, c.id from courses c
            union all
            select c.program_id, l.id from lessons l join modules m on m.id = l.module_id
            join courses c on c.id = m.course_id
        )
        select p.id from prerequisites p
        join parts a on a.id = coalesce(p.course_id, p.lesson_id)
        join parts b on b.id = coalesce(p.required_course_id, p.required_lesson_id)
        where a.program_id <> p.program_id or b.program_id <> p.program_id
        """,
    ),
    Invariant(
        "training.completed_by_its_lessons",
        "who is still learning has something left to do, as last counted",
        "select id, leader_id from enrollments where state = 'active' and required > 0 "
        "and done = required",
    ),
)
