"""The school over HTTP: a file and an `Api` for each topic."""

from groupbuy.training.api.learning import api as learning
from groupbuy.training.api.progress import api as progress

__all__ = ["learning", "progress"]
