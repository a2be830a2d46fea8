"""Delivery routes, pure."""

from enum import StrEnum


class RouteState(StrEnum):
    """Whether a route is driven."""

    ACTIVE = "active"
    RETIRED = "retired"
