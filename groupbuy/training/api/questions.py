"""Question banks and questions over HTTP."""

from typing import Any

from groupbuy.kernel import clock
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import transaction
from groupbuy.kernel.http import Api, Page, PageQuery, page_of
from groupbuy.kernel.problems import NotFound
from groupbuy.training import errors
from groupbuy.training.models import QuestionBank, QuestionVersion
from groupbuy.training.queries import questions as queries
from groupbuy.training.queries.questions import QuestionView
from groupbuy.training.schemas.questions import (
    NewQuestionBody,
    QuestionBankBody,
    QuestionBankEditBody,
    QuestionBankSchema,
    QuestionEditBody,
    QuestionImportBody,
    QuestionImportSchema,
    QuestionQuery,
    QuestionSchema,
    QuestionVersionSchema,
    RetirableQuery,
)
from groupbuy.training.services import questions as services

api = Api(
    "training_questions", __name__, url_prefix="/api/v1", description="Question banks of the school"
)

BANKS = "/hq/question-banks"
BANK = f"{BANKS}/<id(qbk):bank_id>"
QUESTIONS = "/hq/questions"
QUESTION = f"{QUESTIONS}/<id(qst):question_id>"
EXAMPLE: dict[str, Any] = {
    "code": "group-notice",
    "kind": "single",
    "marks": 1,
    "body": {
        "prompt_zh": "新群建好后，第一件事做什么？",
        "prompt_en": "A new group is made. What comes first?",
        "options": [
            {"key": "notice", "zh": "发布群公告", "en": "Post the notice"},
            {"key": "sale", "zh": "马上开团", "en": "Open a sale at once"},
        ],
        "right": "notice",
        "explanation_zh": "先让大家知道群是做什么的。",
        "explanation_en": "First everybody should know what the group is for.",
    },
}


@api.get(BANKS, allow="training.read", query=RetirableQuery, returns=page_of(QuestionBankSchema))
def list_question_banks(actor: Actor, query: dict[str, Any]) -> Page[QuestionBank]:
    """List question banks."""
    return queries.bank_list(**query)


@api.post(
    BANKS,
    allow="training.edit",
    body=QuestionBankBody,
    returns=QuestionBankSchema,
    status=201,
    idempotent=True,
    versioned=True,
    problems=[errors.BankCodeTaken],
    example={"code": "selling", "title_zh": "带货", "title_en": "Selling"},
)
def create_question_bank(actor: Actor, body: dict[str, Any]) -> QuestionBank:
    """Create a question bank."""
    with transaction():
        return services.create_bank(**body, actor=actor, now=clock.now())


@api.get(BANK, allow="training.read", returns=QuestionBankSchema, versioned=True)
def show_question_bank(actor: Actor, bank_id: str) -> QuestionBank:
    """Show a question bank."""
    return queries.bank(bank_id)


@api.patch(
    BANK,
    allow="training.edit",
    body=QuestionBankEditBody,
    returns=QuestionBankSchema,
    versioned=True,
    example={"retired": True},
)
def edit_question_bank(
    actor: Actor, bank_id: str, if_match: int, body: dict[str, Any]
) -> QuestionBank:
    """Change a question bank's titles, or retire it."""
    with transaction():
        return services.edit_bank(
            bank_id=bank_id, if_match=if_match, actor=actor, now=clock.now(), **body
        )


@api.post(
    f"{BANK}/imports",
    allow="training.edit",
    body=QuestionImportBody,
    returns=QuestionImportSchema,
    status=201,
    idempotent=True,
    example={"questions": [EXAMPLE]},
)
def import_questions(actor: Actor, bank_id: str, body: dict[str, Any]) -> dict[str, int]:
    """Add or change many questions of a bank by their codes, all of them or none."""
    with transaction():
        return services.import_questions(bank_id=bank_id, **body, actor=actor, now=clock.now())


@api.get(QUESTIONS, allow="training.read", query=QuestionQuery, returns=page_of(QuestionSchema))
def list_questions(actor: Actor, query: dict[str, Any]) -> Page[QuestionView]:
    """List questions with their right answers."""
    return queries.question_list(**query)


@api.post(
    QUESTIONS,
    allow="training.edit",
    body=NewQuestionBody,
    returns=QuestionSchema,
    status=201,
    idempotent=True,
    versioned=True,
    problems=[NotFound, errors.QuestionCodeTaken],
    example={"bank_id": f"qbk_{'0198f3c2a7b47d1e' * 2}", **EXAMPLE},
)
def add_question(actor: Actor, body: dict[str, Any]) -> QuestionView:
    """Add a question to a bank."""
    with transaction():
        return services.add_question(**body, actor=actor, now=clock.now())


@api.get(QUESTION, allow="training.read", returns=QuestionSchema, versioned=True)
def show_question(actor: Actor, question_id: str) -> QuestionView:
    """Show a question with its right answer."""
    return queries.question_view(question_id)


@api.patch(
    QUESTION,
    allow="training.edit",
    body=QuestionEditBody,
    returns=QuestionSchema,
    versioned=True,
    example={"marks": 2},
)
def edit_question(
    actor: Actor, question_id: str, if_match: int, body: dict[str, Any]
) -> QuestionView:
    """Change what a question says, as a new version, or retire it."""
    with transaction():
        return services.edit_question(
            question_id=question_id, if_match=if_match, actor=actor, now=clock.now(), **body
        )


@api.get(
    f"{QUESTION}/versions",
    allow="training.read",
    query=PageQuery,
    returns=page_of(QuestionVersionSchema),
)
def list_question_versions(
    actor: Actor, question_id: str, query: dict[str, Any]
) -> Page[QuestionVersion]:
    """List what a question has said, the newest first."""
    return queries.question_versions(question_id=question_id, **query)
