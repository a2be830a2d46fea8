"""The school over HTTP: a file and an `Api` for each resource."""

from groupbuy.training.api.coaches import api as coaches
from groupbuy.training.api.coaching import api as coaching

__all__ = ["coaches", "coaching"]
