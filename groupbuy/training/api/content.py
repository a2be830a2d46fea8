"""Programs, courses and modules over HTTP, for headquarters."""

from typing import Any

from groupbuy.kernel import clock
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import transaction
from groupbuy.kernel.http import Api, Page, page_of
from groupbuy.kernel.problems import NotInThisState
from groupbuy.training import errors
from groupbuy.training.models import Course, Module, Program
from groupbuy.training.queries import content as queries
from groupbuy.training.schemas.content import (
    CourseBody,
    CourseEditBody,
    CourseQuery,
    CourseSchema,
    ModuleBody,
    ModuleEditBody,
    ModuleQuery,
    ModuleSchema,
    TrainingProgramBody,
    TrainingProgramEditBody,
    TrainingProgramQuery,
    TrainingProgramSchema,
)
from groupbuy.training.services import content as services

api = Api(
    "training_content",
    __name__,
    url_prefix="/api/v1",
    description="The business school: what programs are made of",
)

READ, EDIT = "training.read", "training.edit"
PROGRAMS, COURSES, MODULES = "/hq/programs", "/hq/courses", "/hq/modules"
PROGRAM = f"{PROGRAMS}/<id(prg):program_id>"
COURSE = f"{COURSES}/<id(crs):course_id>"
MODULE = f"{MODULES}/<id(mdl):module_id>"
SOME = "0198f3c2a7b47d1e" * 2
TITLES = {"title_zh": "社群入门", "title_en": "First steps"}


@api.get(PROGRAMS, allow=READ, query=TrainingProgramQuery, returns=page_of(TrainingProgramSchema))
def list_training_programs(actor: Actor, query: dict[str, Any]) -> Page[Program]:
    """List programs by position."""
    return queries.program_list(**query)


@api.post(
    PROGRAMS,
    allow=EDIT,
    body=TrainingProgramBody,
    returns=TrainingProgramSchema,
    status=201,
    idempotent=True,
    versioned=True,
    problems=[errors.ContentCodeTaken],
    example={"code": "first-steps", **TITLES},
)
def create_training_program(actor: Actor, body: dict[str, Any]) -> Program:
    """Add a program, as a draft."""
    with transaction():
        return services.create_program(**body, actor=actor, now=clock.now())


@api.get(PROGRAM, allow=READ, returns=TrainingProgramSchema, versioned=True)
def show_training_program(actor: Actor, program_id: str) -> Program:
    """Show a program."""
    return queries.row(Program, program_id)


@api.patch(
    PROGRAM,
    allow=EDIT,
    body=TrainingProgramEditBody,
    returns=TrainingProgramSchema,
    versioned=True,
    problems=[errors.ContentCodeTaken],
    example={"position": 2},
)
def edit_training_program(
    actor: Actor, program_id: str, if_match: int, body: dict[str, Any]
) -> Program:
    """Change a program, or its place."""
    with transaction():
        return services.edit_program(
            program_id=program_id, if_match=if_match, actor=actor, now=clock.now(), **body
        )


@api.delete(PROGRAM, allow=EDIT, versioned=True, problems=[errors.ContentInUse])
def remove_training_program(actor: Actor, program_id: str, if_match: int) -> None:
    """Remove a program that nothing hangs on and that is a draft."""
    with transaction():
        part = queries.row(Program, program_id)
        services.remove(part=part, if_match=if_match, actor=actor, now=clock.now())


@api.post(
    f"{PROGRAM}/publication",
    allow=EDIT,
    returns=TrainingProgramSchema,
    versioned=True,
    problems=[NotInThisState],
)
def publish_training_program(actor: Actor, program_id: str) -> Program:
    """Show a program to leaders."""
    with transaction():
        return services.turn_program(
            program_id=program_id, action="publish", actor=actor, now=clock.now()
        )


@api.post(
    f"{PROGRAM}/retirement",
    allow=EDIT,
    returns=TrainingProgramSchema,
    versioned=True,
    problems=[NotInThisState],
)
def retire_training_program(actor: Actor, program_id: str) -> Program:
    """Show a program no longer; who has begun a lesson of it may finish that lesson."""
    with transaction():
        return services.turn_program(
            program_id=program_id, action="retire", actor=actor, now=clock.now()
        )


@api.get(COURSES, allow=READ, query=CourseQuery, returns=page_of(CourseSchema))
def list_training_courses(actor: Actor, query: dict[str, Any]) -> Page[Course]:
    """List courses by position."""
    return queries.course_list(**query)


@api.post(
    COURSES,
    allow=EDIT,
    body=CourseBody,
    returns=CourseSchema,
    status=201,
    idempotent=True,
    versioned=True,
    problems=[errors.ContentCodeTaken],
    example={"code": "first-thirty", "program_id": f"prg_{SOME}", **TITLES},
)
def create_training_course(actor: Actor, body: dict[str, Any]) -> Course:
    """Add a course, as a draft."""
    with transaction():
        return services.create_course(**body, actor=actor, now=clock.now())


@api.get(COURSE, allow=READ, returns=CourseSchema, versioned=True)
def show_training_course(actor: Actor, course_id: str) -> Course:
    """Show a course."""
    return queries.row(Course, course_id)


@api.patch(
    COURSE,
    allow=EDIT,
    body=CourseEditBody,
    returns=CourseSchema,
    versioned=True,
    problems=[errors.ContentCodeTaken, errors.PrerequisiteCircle],
    example={"ordered": True},
)
def edit_training_course(
    actor: Actor, course_id: str, if_match: int, body: dict[str, Any]
) -> Course:
    """Change a course, or its place."""
    with transaction():
        return services.edit_course(
            course_id=course_id, if_match=if_match, actor=actor, now=clock.now(), **body
        )


@api.delete(COURSE, allow=EDIT, versioned=True, problems=[errors.ContentInUse])
def remove_training_course(actor: Actor, course_id: str, if_match: int) -> None:
    """Remove a course that nothing hangs on and that is a draft."""
    with transaction():
        part = queries.row(Course, course_id)
        services.remove(part=part, if_match=if_match, actor=actor, now=clock.now())


@api.post(
    f"{COURSE}/publication",
    allow=EDIT,
    returns=CourseSchema,
    versioned=True,
    problems=[NotInThisState],
)
def publish_training_course(actor: Actor, course_id: str) -> Course:
    """Show a course to leaders."""
    with transaction():
        return services.turn_course(
            course_id=course_id, action="publish", actor=actor, now=clock.now()
        )


@api.post(
    f"{COURSE}/retirement",
    allow=EDIT,
    returns=CourseSchema,
    versioned=True,
    problems=[NotInThisState],
)
def retire_training_course(actor: Actor, course_id: str) -> Course:
    """Show a course no longer; who has begun a lesson of it may finish that lesson."""
    with transaction():
        return services.turn_course(
            course_id=course_id, action="retire", actor=actor, now=clock.now()
        )


@api.get(MODULES, allow=READ, query=ModuleQuery, returns=page_of(ModuleSchema))
def list_training_modules(actor: Actor, query: dict[str, Any]) -> Page[Module]:
    """List modules by position."""
    return queries.module_list(**query)


@api.post(
    MODULES,
    allow=EDIT,
    body=ModuleBody,
    returns=ModuleSchema,
    status=201,
    idempotent=True,
    versioned=True,
    example={"course_id": f"crs_{SOME}", **TITLES},
)
def create_training_module(actor: Actor, body: dict[str, Any]) -> Module:
    """Add a module."""
    with transaction():
        return services.create_module(**body, actor=actor, now=clock.now())


@api.get(MODULE, allow=READ, returns=ModuleSchema, versioned=True)
def show_training_module(actor: Actor, module_id: str) -> Module:
    """Show a module."""
    return queries.row(Module, module_id)


@api.patch(
    MODULE,
    allow=EDIT,
    body=ModuleEditBody,
    returns=ModuleSchema,
    versioned=True,
    problems=[errors.PrerequisiteCircle],
    example={"position": 2},
)
def edit_training_module(
    actor: Actor, module_id: str, if_match: int, body: dict[str, Any]
) -> Module:
    """Change a module, or its place."""
    with transaction():
        return services.edit_module(
            module_id=module_id, if_match=if_match, actor=actor, now=clock.now(), **body
        )


@api.delete(MODULE, allow=EDIT, versioned=True, problems=[errors.ContentInUse])
def remove_training_module(actor: Actor, module_id: str, if_match: int) -> None:
    """Remove a module that nothing hangs on."""
    with transaction():
        part = queries.row(Module, module_id)
        services.remove(part=part, if_match=if_match, actor=actor, now=clock.now())
