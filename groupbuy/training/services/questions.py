"""Question banks and questions. An edit is a new version: what a paper asked stays readable."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from marshmallow import ValidationError
from sqlalchemy.dialects.postgresql import insert

from groupbuy.kernel import audit
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import session
from groupbuy.kernel.errors import pointers
from groupbuy.kernel.ids import new_id
from groupbuy.kernel.problems import InvalidInput, StaleVersion
from groupbuy.training.errors import BankCodeTaken, QuestionCodeTaken
from groupbuy.training.kinds.questions.registry import KINDS
from groupbuy.training.models import Question, QuestionBank, QuestionVersion
from groupbuy.training.queries import questions as queries
from groupbuy.training.queries.questions import QuestionView


def create_bank(
    *, code: str, title_zh: str, title_en: str, actor: Actor, now: datetime
) -> QuestionBank:
    """Create a question bank.

    Raises:
        BankCodeTaken: another one has the code.
    """
    new = insert(QuestionBank).values(code=code, title_zh=title_zh, title_en=title_en)
    placed = new.on_conflict_do_nothing(index_elements=["code"]).returning(QuestionBank)
    made: QuestionBank | None = session().scalar(placed)
    if made is None:
        raise BankCodeTaken
    audit.record(actor=actor, action="question_bank.create", subject=made.id, now=now, code=code)
    return made


def edit_bank(
    *,
    bank_id: str,
    if_match: int,
    retired: bool | None = None,
    actor: Actor,
    now: datetime,
    **titles: str,
) -> QuestionBank:
    """Change a bank's titles, retire it, or take that back.

    Raises:
        StaleVersion: it changed since it was read.
    """
    bank = queries.bank(bank_id, locked=True)
    if bank.version != if_match:
        raise StaleVersion
    for field, title in titles.items():
        setattr(bank, field, title)
    _retire(bank, retired, now)
    session().flush()
    told: dict[str, Any] = {**titles, "retired": bank.retired_at is not None}
    audit.record(actor=actor, action="question_bank.edit", subject=bank.id, now=now, **told)
    return bank


def add_question(
    *,
    bank_id: str,
    code: str,
    kind: str,
    marks: int,
    body: Mapping[str, Any],
    actor: Actor,
    now: datetime,
) -> QuestionView:
    """Add a question to a bank.

    Raises:
        NotFound: there is no such bank.
        InvalidInput: the body is not one of the kind.
        QuestionCodeTaken: another question of the bank has the code.
    """
    bank = queries.bank(bank_id)
    loaded = checked_body(kind=kind, body=body)
    new = insert(Question).values(bank_id=bank.id, code=code, kind=kind)
    placed = new.on_conflict_do_nothing(index_elements=["bank_id", "code"]).returning(Question)
    made: Question | None = session().scalar(placed)
    if made is None:
        raise QuestionCodeTaken
    present = _version(made, marks=marks, body=loaded, actor=actor, now=now)
    session().flush()
    _note(made, "create", actor, now)
    return QuestionView(made, present)


def edit_question(
    *,
    question_id: str,
    if_match: int,
    marks: int | None = None,
    body: Mapping[str, Any] | None = None,
    retired: bool | None = None,
    actor: Actor,
    now: datetime,
) -> QuestionView:
    """Change what a question says, or retire it; papers keep what they asked.

    A published assessment goes on asking the version it was published with.

    Raises:
        StaleVersion: it changed since it was read.
        InvalidInput: the body is not one of its kind.
    """
    question = queries.question(question_id, locked=True)
    if question.version != if_match:
        raise StaleVersion
    (view,) = queries.question_views([question])
    loaded = view.present.body if body is None else checked_body(kind=question.kind, body=body)
    present = _revise(view, marks=marks or view.present.marks, body=loaded, actor=actor, now=now)
    _retire(question, retired, now)
    session().flush()
    _note(question, "edit", actor, now)
    return QuestionView(question, present)


def import_questions(
    *, bank_id: str, questions: Sequence[Mapping[str, Any]], actor: Actor, now: datetime
) -> dict[str, int]:
    """Add questions to a bank by code, or change those that are there; all of them or none.

    Repeatable: what says the same already is left alone. Returns how many were `created`,
    `changed` and `unchanged`.

    Args:
        bank_id: the bank.
        questions: `{code, kind, marks, body}` each.
        actor: whoever imports.
        now: the present.

    Raises:
        NotFound: there is no such bank.
        InvalidInput: with every fault, by the index of its question.
    """
    bank = queries.bank(bank_id, locked=True)
    known = queries.bank_questions(bank.id)
    bodies = _checked_bodies(questions, known)
    counts = {"created": 0, "changed": 0, "unchanged": 0}
    for given, body in zip(questions, bodies, strict=True):
        view = known.get(given["code"])
        content = {"marks": given.get("marks", 1), "body": body, "actor": actor, "now": now}
        if view is None:
            made = Question(
                id=new_id("qst"), bank_id=bank.id, code=given["code"], kind=given["kind"], number=1
            )
            session().add(made)
            _version(made, **content)
            counts["created"] += 1
        else:
            changed = _revise(view, **content) is not view.present
            counts["changed" if changed else "unchanged"] += 1
    session().flush()
    audit.record(actor=actor, action="question_bank.import", subject=bank.id, now=now, **counts)
    return counts


def checked_body(*, kind: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """Return a body as it is stored, or raise InvalidInput with every fault."""
    try:
        loaded: dict[str, Any] = KINDS[kind].body().load(dict(body))
    except ValidationError as error:
        messages = {"json": {"body": error.messages}}
        raise InvalidInput(errors=pointers({"messages": messages})) from error
    return loaded


def _checked_bodies(
    questions: Sequence[Mapping[str, Any]], known: Mapping[str, QuestionView]
) -> list[dict[str, Any]]:
    faults: dict[int, Any] = {}
    bodies: list[dict[str, Any]] = []
    seen: set[str] = set()
    for number, given in enumerate(questions):
        code, kind = given["code"], given["kind"]
        if code in seen:
            faults[number] = {"code": ["The code occurs twice."]}
        elif code in known and known[code].question.kind != kind:
            faults[number] = {"kind": ["The kind of a question never changes."]}
        else:
            try:
                bodies.append(KINDS[kind].body().load(dict(given["body"])))
            except ValidationError as error:
                faults[number] = {"body": error.messages}
        seen.add(code)
    if faults:
        raise InvalidInput(errors=pointers({"messages": {"json": {"questions": faults}}}))
    return bodies


def _revise(
    view: QuestionView, *, marks: int, body: dict[str, Any], actor: Actor, now: datetime
) -> QuestionVersion:
    """Make a new version, unless it would say the same."""
    if (marks, body) == (view.present.marks, view.present.body):
        return view.present
    view.question.number += 1
    return _version(view.question, marks=marks, body=body, actor=actor, now=now)


def _version(
    question: Question, *, marks: int, body: dict[str, Any], actor: Actor, now: datetime
) -> QuestionVersion:
    made = QuestionVersion(
        question_id=question.id,
        number=question.number,
        marks=marks,
        body=body,
        created_at=now,
        created_by=actor.label,
    )
    session().add(made)
    return made


def _retire(row: QuestionBank | Question, retired: bool | None, now: datetime) -> None:
    if retired is not None and retired != (row.retired_at is not None):
        row.retired_at = now if retired else None


def _note(question: Question, action: str, actor: Actor, now: datetime) -> None:
    audit.record(
        actor=actor,
        action=f"question.{action}",
        subject=question.id,
        now=now,
        number=question.number,
        retired=question.retired_at is not None,
    )
