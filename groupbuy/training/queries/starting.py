"""What of the starter curriculum is there already, by its codes."""

from sqlalchemy import select

from groupbuy.kernel.db import session
from groupbuy.kernel.problems import NotFound
from groupbuy.training.models import (
    Assessment,
    Certification,
    Course,
    Lesson,
    Module,
    Program,
    Question,
    QuestionBank,
)


def program_of(code: str) -> Program | None:
    """Return a program by its code."""
    return session().scalar(select(Program).where(Program.code == code))


def known_program(code: str) -> Program:
    """Return a program by its code, or raise NotFound."""
    found = program_of(code)
    if found is None:
        raise NotFound
    return found


def courses_of(program_id: str) -> dict[str, Course]:
    """Return a program's courses by code."""
    query = select(Course).where(Course.program_id == program_id)
    return {course.code: course for course in session().scalars(query)}


def modules_of(course_id: str) -> list[Module]:
    """Return a course's modules in their order."""
    query = select(Module).where(Module.course_id == course_id)
    return [*session().scalars(query.order_by(Module.position, Module.id))]


def lessons_of(program_id: str) -> dict[str, Lesson]:
    """Return a program's lessons by code, wherever in it they were moved."""
    query = (
        select(Lesson)
        .join(Module, Module.id == Lesson.module_id)
        .join(Course, Course.id == Module.course_id)
        .where(Course.program_id == program_id)
    )
    return {lesson.code: lesson for lesson in session().scalars(query)}


def bank_of(code: str) -> QuestionBank | None:
    """Return a question bank by its code."""
    return session().scalar(select(QuestionBank).where(QuestionBank.code == code))


def question_codes(bank_id: str) -> set[str]:
    """Return the codes of a bank's questions, the retired ones too."""
    return set(session().scalars(select(Question.code).where(Question.bank_id == bank_id)))


def has_assessment(lesson_id: str) -> bool:
    """Tell whether a lesson has its assessment."""
    query = select(Assessment.id).where(Assessment.lesson_id == lesson_id)
    return session().scalar(query) is not None


def has_certification(code: str) -> bool:
    """Tell whether there is a certification with a code."""
    query = select(Certification.id).where(Certification.code == code)
    return session().scalar(query) is not None
