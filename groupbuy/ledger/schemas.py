"""What the ledger shows over HTTP."""

from marshmallow import fields, validate

from groupbuy.kernel.http import IdField, Moment, PageQuery, Schema
from groupbuy.ledger.rules import AccountKind

KINDS = tuple(kind.value for kind in AccountKind)
DEBIT_LESS_CREDIT = {"description": "fen, debit +, credit -"}


class AccountSchema(Schema):
    """An account and what stands on it."""

    id = IdField("lac", required=True)
    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    owner = fields.String(
        required=True, metadata={"description": "whose or what for: a leader's id, a purpose"}
    )
    balance_fen = fields.Integer(required=True, metadata=DEBIT_LESS_CREDIT)
    opened_at = Moment(required=True)


class AccountQuery(PageQuery):
    """Filters of the list of accounts."""

    kind = fields.String(load_default=None, validate=validate.OneOf(KINDS))
    owner = fields.String(load_default=None, validate=validate.Length(max=100))


class EntryAccountSchema(Schema):
    """The account of an entry."""

    id = IdField("lac", required=True)
    kind = fields.String(required=True)
    owner = fields.String(required=True)


class EntrySchema(Schema):
    """One side of a transaction."""

    account = fields.Nested(EntryAccountSchema, required=True)
    amount_fen = fields.Integer(required=True, metadata=DEBIT_LESS_CREDIT)


class TransactionSchema(Schema):
    """A transaction; its entries sum to 0."""

    id = IdField("ltx", required=True)
    kind = fields.String(required=True)
    reference = fields.String(required=True, metadata={"description": "what it was posted for"})
    recorded_at = Moment(required=True)
    actor = fields.String(required=True)
    reverses_id = IdField("ltx", required=True, allow_none=True)
    entries = fields.List(fields.Nested(EntrySchema), required=True)


class TransactionQuery(PageQuery):
    """Filters of the list of transactions."""

    reference = fields.String(load_default=None, validate=validate.Length(max=100))
    kind = fields.String(load_default=None, validate=validate.Length(max=100))
