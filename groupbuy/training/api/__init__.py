"""The school over HTTP: a file and an `Api` for each resource."""

from groupbuy.training.api.assessments import api as assessments
from groupbuy.training.api.attempts import api as attempts
from groupbuy.training.api.questions import api as questions

__all__ = ["assessments", "attempts", "questions"]
