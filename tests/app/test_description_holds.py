"""The API does what its description says: no 5xx, every answer as documented, for every role."""

import time

import pytest
from flask import Flask

from scripts.dev.seed import seed_if_empty
from tests.app.fuzzing import Fuzz
from tests.app.routes import everybody, routes
from tests.client import Api

CI_SECONDS = 75


def fuzzed(app: Flask, api: Api, *, examples: int, seconds: float) -> Fuzz:
    people = everybody(api)
    seed_if_empty()
    fuzz = Fuzz(app, people, examples, time.monotonic() + seconds)
    fuzz.run()
    assert not fuzz.faults, "\n\n".join(f"{k}\n{v}" for k, v in sorted(fuzz.faults.items()))
    assert fuzz.sent > fuzz.operations
    return fuzz


def test_it_answers_as_documented(app: Flask, api: Api) -> None:
    fuzzed(app, api, examples=2, seconds=CI_SECONDS)


@pytest.mark.long
def test_it_answers_as_documented_however_long_it_is_asked(app: Flask, api: Api) -> None:
    fuzz = fuzzed(app, api, examples=40, seconds=3600)
    assert fuzz.operations == len(list(routes(app)))
