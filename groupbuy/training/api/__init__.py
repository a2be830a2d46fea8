"""The school over HTTP: a file and an `Api` for each topic."""

from groupbuy.training.api.content import api as content
from groupbuy.training.api.enrollments import api as enrollments
from groupbuy.training.api.learning import api as learning
from groupbuy.training.api.lessons import api as lessons

__all__ = ["content", "enrollments", "learning", "lessons"]
