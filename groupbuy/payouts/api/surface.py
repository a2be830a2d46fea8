"""The one surface that the files beside this one add their endpoints to."""

from flask import request

from groupbuy.kernel.http import Api
from groupbuy.payouts.schemas.fields import MAX_FILE_CHARACTERS

api = Api("payouts", __name__, url_prefix="/api/v1", description="Money paid to leaders")

OTHER_CHARACTERS = 10_000
"""What a body has beside its file, at most."""
TAKE_FILES = ("payouts.import_bank_results", "payouts.create_reconciliation")


def let_files_in() -> None:
    """Let the bodies that bring a file be as long as one."""
    if request.endpoint in TAKE_FILES:
        request.max_content_length = MAX_FILE_CHARACTERS + OTHER_CHARACTERS


api.before_request(let_files_in)
