"""What media takes and gives over HTTP."""

from marshmallow import fields, validate

from groupbuy.kernel.fields import Base64Field
from groupbuy.kernel.http import IdField, Schema
from groupbuy.media.rules import UPLOAD_BYTES, Size

BODY_BYTES = UPLOAD_BYTES * 4 // 3 + 1_000
"""How long a body with a picture can be: base64 is a third longer."""


class PictureBody(Schema):
    """A picture to take in: JPEG, PNG, WebP or GIF."""

    content = Base64Field(maximum=UPLOAD_BYTES, required=True)


class PictureSchema(Schema):
    """A picture that was taken in; name its id where it is used, within a day."""

    id = IdField("pic", required=True)
    width = fields.Integer(required=True, metadata={"description": "pixels"})
    height = fields.Integer(required=True, metadata={"description": "pixels"})


class PictureQuery(Schema):
    """Which size of a picture."""

    size = fields.String(
        load_default=Size.FULL.value, validate=validate.OneOf([size.value for size in Size])
    )
