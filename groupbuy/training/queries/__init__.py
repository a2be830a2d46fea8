"""Reads of the school."""

from groupbuy.training.queries.teaching import lesson_taught, taught

__all__ = ["lesson_taught", "taught"]
