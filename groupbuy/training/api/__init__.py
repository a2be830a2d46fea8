"""The school over HTTP: a file and an `Api` for each resource."""

from groupbuy.training.api.progress import api as progress

__all__ = ["progress"]
