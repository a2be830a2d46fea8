"""Payout accounts, and what leaders see of their money."""

from marshmallow import fields, validate

from groupbuy.kernel.http import IdField, Moment, MonthField, PageQuery, Schema, Words
from groupbuy.payouts.rules.accounts import AccountKind
from groupbuy.payouts.rules.states import AttemptState
from groupbuy.payouts.schemas.fields import one_of, shown_fen


class PayoutAccountBody(Schema):
    """Where to be paid to; which details there are depends on the kind.

    bank: holder, account, bank. wechat: name, as in the leader's identity papers; the money goes
    to the leader's own WeChat. stripe: account (acct_…). demo: name.
    """

    kind = fields.String(required=True, validate=one_of(AccountKind))
    details = fields.Dict(
        keys=fields.String(validate=validate.Length(max=20)),
        values=Words(maximum=100),
        required=True,
        metadata={
            "example": {"holder": "梅", "account": "6222020200012345678", "bank": "工商银行"}
        },
    )


class PayoutAccountSchema(Schema):
    """One version of a payout account, masked."""

    id = IdField("pac", required=True)
    leader_id = IdField("ldr", required=True)
    number = fields.Integer(required=True, metadata={"description": "the version, from 1"})
    kind = fields.String(required=True, validate=one_of(AccountKind))
    masked = fields.String(required=True, metadata={"example": "**** 5678"})
    changed_at = Moment(required=True)
    usable_from = Moment(required=True, metadata={"description": "in force from here on"})
    withdrawn_at = Moment(required=True, allow_none=True)


class AccountsSchema(Schema):
    """The account in force, and the one that waits to replace it."""

    current = fields.Nested(PayoutAccountSchema, required=True, allow_none=True)
    pending = fields.Nested(PayoutAccountSchema, required=True, allow_none=True)


class PayoutAccountQuery(PageQuery):
    """Filters of payout accounts."""

    leader = IdField("ldr", load_default=None)
    kind = fields.String(load_default=None, validate=one_of(AccountKind))


class PayoutNoticeSchema(Schema):
    """Something that a leader is told about the account or the money."""

    id = IdField("pnt", required=True)
    kind = fields.String(
        required=True, metadata={"description": "what happened", "example": "account_changed"}
    )
    at = Moment(required=True)
    facts = fields.Dict(required=True, metadata={"description": "masked, by kind"})


class OwnPayoutSchema(Schema):
    """Money that a leader received, or is to receive."""

    id = IdField("pit", required=True, attribute="item.id")
    month = MonthField(required=True, attribute="item.month")
    statement_id = IdField("sts", required=True, attribute="item.statement_id")
    state = fields.String(required=True, attribute="item.state", validate=one_of(AttemptState))
    gross_fen = shown_fen(attribute="item.gross_fen")
    tax_fen = shown_fen("withheld", attribute="attempt.tax_fen", dump_default=None, allow_none=True)
    net_fen = shown_fen("paid out", attribute="attempt.net_fen", dump_default=None, allow_none=True)
    account = fields.String(required=True, attribute="account.masked")
    reason = fields.String(required=True, attribute="item.reason")
    submitted_at = Moment(attribute="attempt.submitted_at", dump_default=None, allow_none=True)
    settled_at = Moment(attribute="attempt.settled_at", dump_default=None, allow_none=True)
    action = fields.Dict(
        attribute="attempt.action",
        dump_default=None,
        allow_none=True,
        metadata={"description": "what the leader's phone needs to confirm the receipt"},
    )
