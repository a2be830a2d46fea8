"""What certifications and certificates take and give over HTTP."""

from typing import Any

from marshmallow import fields, validate

from groupbuy.kernel.http import Count, Day, IdField, Moment, PageQuery, Schema, Words, language
from groupbuy.training.rules.certificates import CertificateState, CertificationState, TermCause

LONGEST_DAYS = 3_650
STATES = validate.OneOf([state.value for state in CertificateState])
DECIDED_STATES = validate.OneOf(
    [state.value for state in CertificateState if state != CertificateState.IN_PROGRESS]
)
TOLD_STATES = validate.OneOf(
    [CertificateState.CERTIFIED, CertificateState.EXPIRED, CertificateState.REVOKED]
)
"""What a stranger is told."""


class CertificateTitle(fields.String):
    """A title in the language of the answer."""

    def _serialize(self, value: Any, attr: Any, obj: Any, **kwargs: Any) -> str | None:
        return super()._serialize(value.to(language()), attr, obj, **kwargs)


class CertificationEditBody(Schema):
    """What may be changed about a certification; certificates that were issued keep their terms."""

    title_zh = Words(maximum=60)
    title_en = Words(maximum=100)
    program_id = IdField("prg")
    validity_days = Count(maximum=LONGEST_DAYS, metadata={"description": "0: for good"})
    renewal_window_days = Count(maximum=LONGEST_DAYS)
    renewal_lesson_id = IdField(
        "lsn",
        allow_none=True,
        metadata={"description": "the assessment whose pass renews; null: only headquarters does"},
    )


class CertificationBody(CertificationEditBody):
    """A new certification, as a draft; completing the program earns it."""

    code = fields.String(
        required=True,
        validate=validate.Regexp(r"^[a-z0-9][a-z0-9-]{0,49}$(?!\n)", error="a-z, 0-9, -"),
        metadata={"example": "fresh-goods", "description": "also that of the qualification"},
    )
    title_zh = Words(required=True, maximum=60)
    title_en = Words(required=True, maximum=100)
    program_id = IdField("prg", required=True)
    validity_days = Count(
        load_default=365, maximum=LONGEST_DAYS, metadata={"description": "0: for good"}
    )
    renewal_window_days = Count(load_default=60, maximum=LONGEST_DAYS)
    renewal_lesson_id = IdField("lsn", load_default=None, allow_none=True)


class CertificationSchema(Schema):
    """A certification as headquarters sees it."""

    id = IdField("ctn", required=True)
    code = fields.String(required=True)
    title_zh = fields.String(required=True)
    title_en = fields.String(required=True)
    program_id = IdField("prg", required=True)
    validity_days = fields.Integer(required=True)
    renewal_window_days = fields.Integer(required=True)
    renewal_lesson_id = IdField("lsn", required=True, allow_none=True)
    state = fields.String(required=True, validate=validate.OneOf(list(CertificationState)))
    version = fields.Integer(required=True)


class AskingVersionSchema(Schema):
    """A version of a commission plan that asks for a certificate."""

    plan_id = IdField("pln", required=True)
    number = fields.Integer(required=True)
    state = fields.String(required=True)


class CertificationOpeningsSchema(Schema):
    """What a certification opens: everything that demands it, where that is set.

    The newest 100 of the campaigns that have not ended, and of the plan versions.
    """

    all_hosting = fields.Boolean(required=True, metadata={"description": "to host at all"})
    category_ids = fields.List(IdField("cat"), required=True)
    campaign_ids = fields.List(IdField("cmp"), required=True)
    levels = fields.List(fields.Integer(), required=True)
    bonuses = fields.List(fields.Nested(AskingVersionSchema), required=True)
    multipliers = fields.List(fields.Nested(AskingVersionSchema), required=True)


class CertificationQuery(PageQuery):
    """Filters of the list of certifications."""

    state = fields.String(load_default=None, validate=validate.OneOf(list(CertificationState)))
    program = IdField("prg", load_default=None)


class CertificateTermSchema(Schema):
    """A period for which a certificate holds, and why; `until_at` is the end of `expires_on`."""

    number = fields.Integer(required=True)
    starts_at = Moment(required=True)
    until_at = Moment(required=True, allow_none=True)
    expires_on = Day(required=True, allow_none=True)
    cause = fields.String(required=True, validate=validate.OneOf(list(TermCause)))
    recorded_at = Moment(required=True)


class StaffCertificateTermSchema(CertificateTermSchema):
    """A period for which a certificate holds, and by whose decision."""

    reason = fields.String(required=True)
    recorded_by = fields.String(required=True)


class OwnCertificateSchema(Schema):
    """A certificate as its leader sees it; it holds until the end of the day `expires_on`."""

    id = IdField("crt", required=True, attribute="certificate.id")
    number = fields.String(required=True, attribute="certificate.number")
    certification_id = IdField("ctn", required=True, attribute="certificate.certification_id")
    qualification = fields.String(required=True, attribute="certificate.qualification")
    title = CertificateTitle(required=True)
    state = fields.String(required=True, validate=DECIDED_STATES)
    issued_at = Moment(required=True, attribute="certificate.issued_at")
    expires_on = Day(required=True, allow_none=True, attribute="certificate.expires_on")
    renewal_window_days = fields.Integer(required=True, attribute="certificate.renewal_window_days")
    renewal_lesson_id = IdField(
        "lsn", required=True, allow_none=True, attribute="certificate.renewal_lesson_id"
    )
    revoked_at = Moment(required=True, allow_none=True, attribute="certificate.revoked_at")
    revocation_reason = fields.String(required=True, attribute="certificate.revocation_reason")


class OwnCertificateWithTermsSchema(OwnCertificateSchema):
    """A certificate with the periods for which it holds."""

    terms = fields.List(fields.Nested(CertificateTermSchema), required=True)


class CertificateSchema(OwnCertificateSchema):
    """A certificate as headquarters sees it."""

    leader_id = IdField("ldr", required=True, attribute="certificate.leader_id")
    holder = fields.String(required=True)
    issued_by = fields.String(required=True, attribute="certificate.issued_by")
    issue_reason = fields.String(required=True, attribute="certificate.issue_reason")
    revoked_by = fields.String(required=True, allow_none=True, attribute="certificate.revoked_by")


class CertificateWithTermsSchema(CertificateSchema):
    """A certificate with the periods for which it holds, as headquarters sees it."""

    terms = fields.List(fields.Nested(StaffCertificateTermSchema), required=True)


class CertificateQuery(PageQuery):
    """Filters of headquarters' list of certificates."""

    state = fields.String(load_default=None, validate=DECIDED_STATES)
    certification = IdField("ctn", load_default=None)
    leader = IdField("ldr", load_default=None)
    expiring_within_days = fields.Integer(
        load_default=None, validate=validate.Range(min=0, max=LONGEST_DAYS)
    )


class CertificateBody(Schema):
    """Whom to certify in what, and why; a leader who earned it before gives the day."""

    certification_id = IdField("ctn", required=True)
    leader_id = IdField("ldr", required=True)
    reason = Words(required=True, maximum=500)
    earned_on = Day(
        load_default=None,
        allow_none=True,
        metadata={"description": "the expiry is counted from it; today if left out"},
    )


class CertificateDecisionBody(Schema):
    """Why it is decided so."""

    reason = Words(required=True, maximum=500)


class OwnCertificationSchema(Schema):
    """What one can be certified in; `state` is empty unless one learns the program."""

    id = IdField("ctn", required=True, attribute="certification.id")
    code = fields.String(required=True, attribute="certification.code")
    title = CertificateTitle(required=True)
    program_id = IdField("prg", required=True, attribute="certification.program_id")
    validity_days = fields.Integer(required=True, attribute="certification.validity_days")
    state = fields.String(required=True, allow_none=True, validate=STATES)
    percent = fields.Integer(
        required=True, allow_none=True, metadata={"description": "of the program, rounded down"}
    )
    certificate_id = IdField("crt", required=True, allow_none=True)


class VerifiedCertificateSchema(Schema):
    """What anybody may know of a certificate; the holder's name is masked."""

    number = fields.String(required=True, attribute="certificate.number")
    title = CertificateTitle(required=True)
    holder = fields.String(required=True)
    state = fields.String(required=True, validate=TOLD_STATES)
    valid = fields.Boolean(required=True)
    issued_on = Day(required=True)
    expires_on = Day(required=True, allow_none=True, attribute="certificate.expires_on")
