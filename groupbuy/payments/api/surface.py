"""The one surface that the files beside this one add their endpoints to."""

from flask import request

from groupbuy.kernel.http import Api
from groupbuy.payments.schemas.reconciliations import MAX_FILE_CHARACTERS

api = Api("payments", __name__, url_prefix="/api/v1", description="Money in, and back")

OTHER_CHARACTERS = 10_000
"""What a body has beside its file, at most."""


def let_files_in() -> None:
    """Let the bodies that bring a file be as long as one."""
    if request.endpoint == "payments.create_payment_reconciliation":
        request.max_content_length = MAX_FILE_CHARACTERS + OTHER_CHARACTERS


api.before_request(let_files_in)
