"""The WSGI entry point: `gunicorn wsgi:app`, and what `flask --app wsgi` loads."""

import sys

from groupbuy.app.factory import create_app
from groupbuy.kernel.settings import ConfigurationError

try:
    app = create_app()
except ConfigurationError as fault:
    sys.exit(str(fault))
