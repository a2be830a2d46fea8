"""The lessons of programs in the order in which they are taken."""

from sqlalchemy import CTE, Select, func, select

from groupbuy.training.models import Course, Lesson, LessonVersion, Module, Program
from groupbuy.training.queries.outline import in_order
from groupbuy.training.queries.teaching import counted, published_version, taught


def path(program_id: str | None = None) -> CTE:
    """Return what is taught: `program_id, lesson_id, place, asked` and the lesson's titles.

    By course, module and position within; `place` counts from 1 in each program. `asked` are the
    lessons that count (see `counted`).
    """
    query: Select[tuple[object, ...]] = (
        select(
            Course.program_id,
            Lesson.id.label("lesson_id"),
            Lesson.kind,
            func.row_number()
            .over(partition_by=Course.program_id, order_by=in_order())
            .label("place"),
            counted().label("asked"),
            LessonVersion.title_zh,
            LessonVersion.title_en,
        )
        .join(Module, Module.id == Lesson.module_id)
        .join(Course, Course.id == Module.course_id)
        .join(Program, Program.id == Course.program_id)
        .join(LessonVersion, published_version())
        .where(taught())
    )
    if program_id is not None:
        query = query.where(Program.id == program_id)
    return query.cte("path").prefix_with("materialized", dialect="postgresql")
