"""The school over HTTP: a file and an `Api` for each topic."""

from groupbuy.training.api.learning import api as learning

__all__ = ["learning"]
