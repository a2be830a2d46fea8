"""An application of its own for the kernel: a few endpoints that misbehave when asked to."""

import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog
from flask import Flask

from groupbuy.app.factory import create_app
from groupbuy.kernel.clock import ManualClock
from groupbuy.kernel.db import db
from groupbuy.kernel.settings import Settings
from tests.client import Api
from tests.conftest import START
from tests.kernel.notes import notes


@pytest.fixture(scope="session")
def _notes_app(settings: Settings) -> Iterator[Flask]:
    app = create_app(settings, ticking=ManualClock(START))
    app.register_blueprint(notes)
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def notes_api(app: Flask, clock: ManualClock, _notes_app: Flask) -> Api:
    """HTTP with the endpoints of tests.kernel.notes; the test must be marked `committed`."""
    return Api(_notes_app, clock)


@pytest.fixture
def log_lines(app: Flask) -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """Return what was logged since the test began, as the JSON that went out."""
    root, out = logging.getLogger(), io.StringIO()
    handler = next(
        h
        for h in root.handlers
        if isinstance(h, logging.StreamHandler)
        and isinstance(h.formatter, structlog.stdlib.ProcessorFormatter)
    )
    before, level = handler.setStream(out), root.level
    root.setLevel(logging.INFO)
    yield lambda: [json.loads(line) for line in out.getvalue().splitlines()]
    root.setLevel(level)
    handler.setStream(before or io.StringIO())
