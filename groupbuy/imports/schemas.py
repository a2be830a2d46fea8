"""What imports take and give over HTTP."""

from typing import Any

from marshmallow import fields, validate

from groupbuy.imports.kinds.registry import KINDS
from groupbuy.imports.rules import ImportState
from groupbuy.kernel.fields import Base64Field
from groupbuy.kernel.http import IdField, Moment, PageQuery, Schema, Words, language
from groupbuy.kernel.sheets import Format

FILE_BYTES = 5 << 20
BODY_BYTES = FILE_BYTES * 4 // 3 + 2_000
"""How long a body with a sheet can be: base64 is a third longer."""

_KIND = validate.OneOf(list(KINDS))


class ImportBody(Schema):
    """A sheet to look at: CSV or XLSX, up to 5,000 rows and 5 MiB."""

    kind = fields.String(required=True, validate=_KIND)
    file_name = Words(required=True, maximum=200)
    content = Base64Field(maximum=FILE_BYTES, required=True)


class ImportSchema(Schema):
    """An import: what it would do, or did."""

    id = IdField("imp", required=True)
    kind = fields.String(required=True)
    file_name = fields.String(required=True)
    digest = fields.String(required=True, metadata={"description": "SHA-256 of the file"})
    state = fields.String(
        required=True, validate=validate.OneOf([state.value for state in ImportState])
    )
    row_count = fields.Integer(required=True)
    creates = fields.Integer(required=True)
    updates = fields.Integer(required=True)
    unchanged = fields.Integer(required=True)
    fault_count = fields.Integer(required=True)
    uploaded_by = fields.String(required=True)
    uploaded_at = Moment(required=True)
    decided_by = fields.String(required=True, allow_none=True)
    decided_at = Moment(required=True, allow_none=True)


class ImportFaultSchema(Schema):
    """What is wrong in one cell; `row` is the one that the spreadsheet shows."""

    row = fields.Integer(required=True)
    column = fields.String(required=True)
    detail = fields.Method("in_language", required=True, metadata={"type": "string"})

    def in_language(self, fault: dict[str, Any]) -> str:
        """Return the text in the language of the answer."""
        return str(fault["zh" if language().startswith("zh") else "en"])


class ImportDetailSchema(ImportSchema):
    """An import with the first 1,000 of its faults."""

    faults = fields.List(fields.Nested(ImportFaultSchema), required=True)


class ImportQuery(PageQuery):
    """Filters of the list of imports."""

    kind = fields.String(load_default=None, validate=_KIND)
    state = fields.String(
        load_default=None, validate=validate.OneOf([state.value for state in ImportState])
    )


class ExportQuery(Schema):
    """What to export, and as what."""

    kind = fields.String(required=True, validate=_KIND)
    format = fields.String(
        load_default=Format.XLSX.value, validate=validate.OneOf([f.value for f in Format])
    )
