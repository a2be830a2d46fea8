"""What assessments promise, as queries that find nothing when all is well."""

from groupbuy.kernel.books import Invariant

INVARIANTS = (
    Invariant(
        "training.one_open_attempt",
        "a leader has at most one attempt of an assessment under way",
        "select leader_id, assessment_id, count(*) from attempts where state = 'open' "
        "group by leader_id, assessment_id having count(*) > 1",
    ),
    Invariant(
        "training.attempts_numbered",
        "a leader's attempts at an assessment are numbered from 1 without gaps",
        "select leader_id, assessment_id, count(*), max(number) from attempts "
        "group by leader_id, assessment_id having count(*) <> max(number)",
    ),
    Invariant(
        "training.scores_add_up",
        "the score of an attempt is that of its marks, floored",
        "select a.id, a.score_bps from attempts a "
        "join attempt_questions q on q.attempt_id = a.id where a.score_bps is not null "
        "group by a.id, a.score_bps having bool_or(q.mark_bps is null) "
        "or a.score_bps <> div(sum(q.marks * q.mark_bps), sum(q.marks))",
    ),
    Invariant(
        "training.papers_of_their_version",
        "a paper asks only what the version of its attempt may ask",
        "select q.attempt_id, q.question_id from attempt_questions q "
        "join attempts a on a.id = q.attempt_id "
        "left join assessment_items i on i.assessment_version_id = a.assessment_version_id "
        "and i.question_version_id = q.question_version_id where i.question_id is null",
    ),
    Invariant(
        "training.graded_is_completed",
        "whoever has a graded attempt has completed its lesson",
        "select a.id, s.lesson_id from attempts a join assessments s on s.id = a.assessment_id "
        "left join lesson_records r on r.leader_id = a.leader_id and r.lesson_id = s.lesson_id "
        "where a.state in ('submitted', 'expired') and r.completed_at is null",
    ),
)
