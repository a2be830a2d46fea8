"""Pricing over HTTP: a file and an `Api` for each resource."""

from groupbuy.pricing.api.quotes import api as quotes

__all__ = ["quotes"]
