"""The one surface that the files beside this one add their endpoints to."""

from flask import Response

from groupbuy.kernel.http import Api

api = Api("payouts", __name__, url_prefix="/api/v1", description="Money paid to leaders")


def download(content: bytes, media_type: str, name: str) -> Response:
    """Answer with a file; `name` is plain ASCII of our own making."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(content, headers=headers, content_type=media_type)
