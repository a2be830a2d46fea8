"""The school over HTTP: a file and an `Api` for each resource."""

from groupbuy.training.api.badges import api as badges
from groupbuy.training.api.coaches import api as coaches
from groupbuy.training.api.coaching import api as coaching
from groupbuy.training.api.effects import api as effects
from groupbuy.training.api.points import api as points
from groupbuy.training.api.targets import api as targets

__all__ = ["badges", "coaches", "coaching", "effects", "points", "targets"]
