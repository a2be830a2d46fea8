"""Tax regimes and the report to the tax authority."""

from marshmallow import fields, validate

from groupbuy.kernel.http import IdField, Moment, PageQuery, Schema, Words
from groupbuy.kernel.sheets import Format
from groupbuy.payouts.rules.states import RegimeState
from groupbuy.payouts.rules.tax import Regime
from groupbuy.payouts.schemas.fields import one_of, shown_fen


class TaxRegimeBody(Schema):
    """How a leader is to be taxed from an instant on; everyone without a leader."""

    regime = fields.String(required=True, validate=one_of(Regime))
    effective_from = Moment(required=True)
    leader_id = IdField("ldr", load_default=None, allow_none=True)
    note = Words(required=True, maximum=500, metadata={"description": "on what it is based"})


class TaxRegimeSchema(Schema):
    """A tax regime; it holds from effective_from on, but never before it was approved."""

    id = IdField("txr", required=True)
    regime = fields.String(required=True, validate=one_of(Regime))
    effective_from = Moment(required=True)
    leader_id = IdField("ldr", required=True, allow_none=True)
    note = fields.String(required=True)
    state = fields.String(required=True, validate=one_of(RegimeState))
    created_by = fields.String(required=True)
    created_at = Moment(required=True)
    decided_by = fields.String(required=True, allow_none=True)
    decided_at = Moment(required=True, allow_none=True)


class TaxRegimeQuery(PageQuery):
    """Filters of tax regimes."""

    state = fields.String(load_default=None, validate=one_of(RegimeState))
    leader = IdField("ldr", load_default=None)


class TaxReportFileQuery(Schema):
    """In which format the file is wanted."""

    format = fields.String(
        load_default=Format.CSV, validate=validate.OneOf([format.value for format in Format])
    )


class TaxReportRowSchema(Schema):
    """One leader's quarter."""

    leader_id = IdField("ldr", required=True)
    name = fields.String(required=True)
    payouts = fields.Integer(required=True)
    gross_fen = shown_fen("income of the quarter's payouts")
    reversals_fen = shown_fen("taken back in the quarter, of this or an earlier one's payouts")
    net_fen = shown_fen("gross less reversals")
    tax_fen = shown_fen("withheld, less what was taken back")
    paid_fen = shown_fen("net less tax")
