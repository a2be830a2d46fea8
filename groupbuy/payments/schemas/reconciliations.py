"""Comparisons with the providers' lists, and what they found."""

from collections.abc import Iterable
from enum import StrEnum

from marshmallow import fields, validate

from groupbuy.kernel.comparison import DIFFERENCES
from groupbuy.kernel.http import Day, IdField, Moment, PageQuery, Schema, Words
from groupbuy.kernel.sheets import Format
from groupbuy.payments.providers.registry import PROVIDERS
from groupbuy.payments.rules.states import (
    DifferenceState,
    Outcome,
    ReconciliationState,
    Subject,
)

MAX_FILE_CHARACTERS = 16_000_000
"""A file of base64: 12 MB, a day of some 40,000 payments."""


def _one_of(choices: Iterable[StrEnum]) -> validate.OneOf:
    return validate.OneOf([choice.value for choice in choices])


def _provider(**options: object) -> fields.String:
    return fields.String(validate=validate.OneOf(list(PROVIDERS)), **options)  # type: ignore[arg-type]


def _fen(*, allow_none: bool = True) -> fields.Integer:
    return fields.Integer(
        required=True, allow_none=allow_none, metadata={"description": "fen (1/100 yuan)"}
    )


class PaymentReconciliationBody(Schema):
    """Which business day of which provider to compare.

    `records` is the provider's list as a file: WeChat Pay's trade bill of that day, or
    subject,number,amount_fen,state.
    """

    provider = _provider(required=True)
    day = Day(required=True)
    records = fields.String(
        load_default=None,
        validate=validate.Length(max=MAX_FILE_CHARACTERS),
        metadata={"description": "the file, base64", "example": "c3ViamVjdAo="},
    )


class PaymentReconciliationSchema(Schema):
    """One comparison; the three amounts are what the provider says of the day."""

    id = IdField("pyr", required=True)
    provider = fields.String(required=True)
    day = Day(required=True)
    state = fields.String(required=True, validate=_one_of(ReconciliationState))
    by_file = fields.Boolean(required=True)
    reason = fields.String(required=True)
    requested_by = fields.String(required=True)
    requested_at = Moment(required=True)
    finished_at = Moment(required=True, allow_none=True)
    matched = fields.Integer(required=True, allow_none=True)
    differing = fields.Integer(required=True, allow_none=True)
    paid_fen = _fen()
    refunded_fen = _fen()
    fee_fen = _fen()


class PaymentReconciliationQuery(PageQuery):
    """Filters of comparisons."""

    provider = _provider(load_default=None)
    state = fields.String(load_default=None, validate=_one_of(ReconciliationState))
    day = Day(load_default=None)


class PaymentDifferenceSchema(Schema):
    """A payment or refund on which a provider and we do not agree.

    `number` is the provider's of a payment; ours of a refund, if the provider has it.
    """

    id = IdField("pyd", required=True)
    reconciliation_id = IdField("pyr", required=True)
    provider = fields.String(required=True)
    day = Day(required=True)
    subject = fields.String(required=True, validate=_one_of(Subject))
    number = fields.String(required=True)
    kind = fields.String(required=True, validate=_one_of(DIFFERENCES))
    our_fen = _fen()
    their_fen = _fen()
    our_state = fields.String(required=True, allow_none=True, validate=_one_of(Outcome))
    their_state = fields.String(required=True, allow_none=True, validate=_one_of(Outcome))
    fee_fen = _fen()
    state = fields.String(required=True, validate=_one_of(DifferenceState))
    note = fields.String(required=True)
    resolved_by = fields.String(required=True, allow_none=True)
    resolved_at = Moment(required=True, allow_none=True)


class PaymentDifferenceQuery(PageQuery):
    """Filters of differences."""

    reconciliation = IdField("pyr", load_default=None)
    provider = _provider(load_default=None)
    state = fields.String(load_default=None, validate=_one_of(DifferenceState))
    kind = fields.String(load_default=None, validate=_one_of(DIFFERENCES))
    subject = fields.String(load_default=None, validate=_one_of(Subject))
    day = Day(load_default=None)
    number = Words(load_default=None)


class PaymentDifferenceFileQuery(Schema):
    """Which differences are wanted, and in which format."""

    format = fields.String(load_default=Format.CSV, validate=_one_of(Format))
    reconciliation = IdField("pyr", load_default=None)
    provider = _provider(load_default=None)
    state = fields.String(load_default=None, validate=_one_of(DifferenceState))
    day = Day(load_default=None)


class PaymentDifferenceResolutionBody(Schema):
    """How a difference was cleared up."""

    note = Words(required=True, maximum=500)
