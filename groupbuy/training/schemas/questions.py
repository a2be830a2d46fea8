"""Question banks and questions over HTTP: headquarters only, right answers and all."""

from marshmallow import fields, validate

from groupbuy.kernel.http import Count, IdField, Moment, PageQuery, Schema, Words
from groupbuy.training.kinds.questions.registry import KINDS

CODE = validate.Regexp(r"^[a-z0-9][a-z0-9-]{0,49}$(?!\n)", error="1 to 50 of a-z, 0-9 and -.")
MOST_MARKS = 1_000
MOST_QUESTIONS = 500
KIND_NAMES = list(KINDS)
BODY = "prompt, options, right answer and explanation, by kind"


class QuestionBankBody(Schema):
    """A new question bank."""

    code = fields.String(required=True, validate=CODE)
    title_zh = Words(required=True)
    title_en = Words(required=True)


class QuestionBankEditBody(Schema):
    """What may be changed about a bank; fields left out stay."""

    title_zh = Words()
    title_en = Words()
    retired = fields.Boolean()


class QuestionBankSchema(Schema):
    """A question bank."""

    id = IdField("qbk", required=True)
    code = fields.String(required=True)
    title_zh = fields.String(required=True)
    title_en = fields.String(required=True)
    retired_at = Moment(required=True, allow_none=True)
    version = fields.Integer(required=True)


class RetirableQuery(PageQuery):
    """A list of what may be retired."""

    retired = fields.Boolean(load_default=None)


class QuestionQuery(RetirableQuery):
    """Filters of questions."""

    bank = IdField("qbk", load_default=None)
    kind = fields.String(load_default=None, validate=validate.OneOf(KIND_NAMES))


class ImportedQuestionBody(Schema):
    """A question of an import; its code says which it is."""

    code = fields.String(required=True, validate=CODE)
    kind = fields.String(required=True, validate=validate.OneOf(KIND_NAMES))
    marks = Count(load_default=1, minimum=1, maximum=MOST_MARKS)
    body = fields.Dict(required=True, keys=fields.String(), metadata={"description": BODY})


class NewQuestionBody(ImportedQuestionBody):
    """A new question."""

    bank_id = IdField("qbk", required=True)


class QuestionEditBody(Schema):
    """What may be changed about a question; fields left out stay, a body is replaced whole."""

    marks = Count(minimum=1, maximum=MOST_MARKS)
    body = fields.Dict(keys=fields.String(), metadata={"description": BODY})
    retired = fields.Boolean()


class QuestionSchema(Schema):
    """A question as it is at present."""

    id = IdField("qst", required=True, attribute="question.id")
    bank_id = IdField("qbk", required=True, attribute="question.bank_id")
    code = fields.String(required=True, attribute="question.code")
    kind = fields.String(
        required=True, attribute="question.kind", validate=validate.OneOf(KIND_NAMES)
    )
    number = fields.Integer(
        required=True, attribute="present.number", metadata={"description": "of its version"}
    )
    marks = fields.Integer(required=True, attribute="present.marks")
    body = fields.Dict(required=True, attribute="present.body", metadata={"description": BODY})
    retired_at = Moment(required=True, allow_none=True)
    version = fields.Integer(required=True)


class QuestionVersionSchema(Schema):
    """What a question said at a time."""

    id = IdField("qsv", required=True)
    number = fields.Integer(required=True)
    marks = fields.Integer(required=True)
    body = fields.Dict(required=True, metadata={"description": BODY})
    created_at = Moment(required=True)
    created_by = fields.String(required=True)


class QuestionImportBody(Schema):
    """Questions to be added to a bank, or changed in it, by their codes: all of them or none."""

    questions = fields.List(
        fields.Nested(ImportedQuestionBody),
        required=True,
        validate=validate.Length(1, MOST_QUESTIONS),
    )


class QuestionImportSchema(Schema):
    """What an import did."""

    created = fields.Integer(required=True)
    changed = fields.Integer(required=True)
    unchanged = fields.Integer(required=True)
