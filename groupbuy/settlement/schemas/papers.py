"""What files of statements take over HTTP."""

from marshmallow import fields, validate

from groupbuy.kernel.http import Schema
from groupbuy.kernel.sheets import Format


class StatementFileQuery(Schema):
    """In which format a file is wanted."""

    format = fields.String(
        load_default=Format.CSV, validate=validate.OneOf([format.value for format in Format])
    )
