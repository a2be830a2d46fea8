"""Payments, pure: states and their moves, what must match, what lists say, whom they equal."""
