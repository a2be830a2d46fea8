"""The school: a class that is over, what Mei has from it, and the class of these weeks."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime, time, timedelta

from groupbuy.kernel.db import transaction
from groupbuy.kernel.settings import settings
from groupbuy.training.curriculum.facts import facts_of
from groupbuy.training.curriculum.reading import starter_programs
from groupbuy.training.models import LiveSession
from groupbuy.training.queries import assessments as assessment_queries
from groupbuy.training.queries import attempts as attempt_queries
from groupbuy.training.queries import live
from groupbuy.training.queries import starting as content
from groupbuy.training.rules.attendance import DecisionKind
from groupbuy.training.rules.content import LessonKind
from groupbuy.training.services import (
    attempts,
    attending,
    cohorts,
    members,
    ruling,
    timetable,
)
from groupbuy.training.services import live as sessions
from groupbuy.training.services.progress import record_progress
from groupbuy.training.services.starting import install_curriculum
from scripts.dev.story.company import Company

PATTERN = [{"weekday": day, "time": time(19, 30), "minutes": 60} for day in (1, 3, 5)]
"""Three live sessions a week: Monday, Wednesday, Friday."""

REPLAY_URL = "https://video.example.com/a-quarrel-in-the-group.mp4"
REPLAY_S = 3_600

FIRST, SECOND = "community", "selling"
"""The programs of the two classes."""

READ_BY_TAO = ("role", "rules", "invite")
READ_OF_SECOND = ("choose", "recommend", "photos", "campaign")
WEEK = timedelta(days=7)


def open_school(company: Company) -> None:
    """Install the starter curriculum."""
    with transaction():
        install_curriculum(actor=company.staff["trainer"], now=company.now)


def learn(company: Company) -> None:
    """Tell of the first class: Mei is certified at its end, Tao has only begun.

    Mei fails the assessment once; Tao makes a session up by its replay.
    """
    tomorrow = settings().calendar.day_of(company.now) + timedelta(days=1)
    monday = tomorrow + timedelta(days=-tomorrow.weekday() % 7)
    class_ = _gather(company, FIRST, monday, ("mei", "tao"), weeks=1, now=company.now)
    _read(company, "mei", FIRST, _articles(FIRST), company.now)
    _read(company, "tao", FIRST, READ_BY_TAO, company.now)
    for one in class_:
        _hold(company, one, ("mei",) if one is class_[1] else ("mei", "tao"))
    _make_up(company, "tao", class_[1])
    company.time.at = class_[-1].ends_at + timedelta(hours=1)
    for knowing in (False, True):
        _sit(company, "mei", FIRST, knowing=knowing)
        company.time.advance(hours=20)


def study(company: Company) -> None:
    """Tell of the class that meets three times a week now: what of it is over by today."""
    calendar = settings().calendar
    today = calendar.day_of(company.today)
    monday = today - timedelta(days=today.weekday()) - WEEK
    planned = calendar.midnight(monday) - timedelta(days=2)
    names = ("mei", "tao", "yan")
    class_ = _gather(company, SECOND, monday, names, weeks=4, now=planned)
    _read(company, "mei", SECOND, READ_OF_SECOND, planned + timedelta(days=1))
    over = [one for one in class_ if one.ends_at < company.today]
    for number, one in enumerate(over):
        absent = {0: "yan", 1: "tao"}.get(number)
        _hold(company, one, [name for name in names if name != absent])
    _excuse(company, "yan", over[0])


def _gather(
    company: Company,
    code: str,
    monday: date,
    names: Sequence[str],
    *,
    weeks: int,
    now: datetime,
) -> list[LiveSession]:
    """Plan a class with its sessions and let leaders join; return the sessions by their time."""
    trainer = company.staff["trainer"]
    program = content.known_program(code)
    with transaction():
        cohort = cohorts.create(
            program_id=program.id,
            trainer_id=trainer.id,
            title_zh=f"{program.title_zh}（{monday.month} 月班）",
            title_en=f"{program.title_en}, class of {monday:%B}",
            first_day=monday,
            last_day=monday + weeks * WEEK - timedelta(days=1),
            capacity=30,
            open=True,
            pattern=PATTERN,
            place="花木路 7 弄会议室 the meeting room of Huamu Road 7",
            actor=trainer,
            now=now,
        )
        zone = settings().calendar.zone
        timetable.generate(cohort_id=cohort.id, zone=zone, actor=trainer, now=now)
        for name in names:
            members.join(
                cohort_id=cohort.id,
                leader_id=company.leaders[name],
                actor=company.leader(name),
                now=now,
            )
        cohorts.turn(cohort_id=cohort.id, today=monday, now=now)
        planned = live.session_list(cohort=cohort.id, limit=100, cursor=None)
        return [view.session for view in planned.items]


def _articles(code: str) -> list[str]:
    """Return a program's articles in the order in which they are read."""
    programs = {one.code: one for one in starter_programs(facts_of(settings()))}
    return [one.code for one in programs[code].lessons if one.kind == LessonKind.ARTICLE]


def _read(company: Company, name: str, code: str, lessons: Iterable[str], begins: datetime) -> None:
    """Let a leader read articles, ten minutes each."""
    known = content.lessons_of(content.known_program(code).id)
    for number, lesson in enumerate(lessons):
        with transaction():
            record_progress(
                leader_id=company.leaders[name],
                lesson_id=known[lesson].id,
                read=True,
                now=begins + timedelta(minutes=10 * number),
            )


def _hold(company: Company, one: LiveSession, present: Collection[str]) -> None:
    """Hold a session; some check in with the code that the trainer shows, and stay."""
    begun = one.starts_at + timedelta(minutes=2)
    secret = settings().training_key
    with transaction():
        for name in present:
            shown = attending.code_to_show(session_id=one.id, secret=secret, now=begun)
            attending.check_in(
                session_id=one.id,
                leader_id=company.leaders[name],
                code=shown.code,
                secret=secret,
                now=begun,
            )
        attending.close(session_id=one.id, now=one.ends_at)


def _make_up(company: Company, name: str, one: LiveSession) -> None:
    """Put a session's replay up, and let a leader who missed it watch it the next day."""
    now = one.ends_at + timedelta(hours=20)
    with transaction():
        put = live.live_session(one.id)
        sessions.edit(
            session_id=one.id,
            if_match=put.version,
            replay_url=REPLAY_URL,
            replay_s=REPLAY_S,
            actor=company.staff["trainer"],
            now=one.ends_at + timedelta(hours=1),
        )
        attending.watch_replay(
            session_id=one.id,
            leader_id=company.leaders[name],
            spans=[(0, REPLAY_S)],
            now=now,
        )


def _sit(company: Company, name: str, code: str, *, knowing: bool) -> None:
    """Let a leader sit a program's assessment: with every answer, or with none."""
    exam = content.lessons_of(content.known_program(code).id)["exam"]
    leader_id = company.leaders[name]
    with transaction():
        assessment = assessment_queries.assessment_of(exam.id)
        attempt = attempts.start(leader_id=leader_id, assessment_id=assessment.id, now=company.now)
        company.time.advance(minutes=12)
        for asked in attempt_queries.asked(attempt.id) if knowing else ():
            attempts.answer(
                leader_id=leader_id,
                attempt_id=attempt.id,
                question_id=asked.row.question_id,
                given=asked.kind.written(asked.row.options, asked.body["right"]),
                now=company.now,
            )
        attempts.submit(leader_id=leader_id, attempt_id=attempt.id, now=company.now)


def _excuse(company: Company, name: str, one: LiveSession) -> None:
    """Excuse a leader who could not come."""
    with transaction():
        ruling.decide(
            session_id=one.id,
            items=[{"leader_id": company.leaders[name], "kind": DecisionKind.EXCUSE}],
            reason="孩子生病 a child was ill",
            actor=company.staff["trainer"],
            now=one.ends_at + timedelta(hours=1),
        )
