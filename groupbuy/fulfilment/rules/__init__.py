"""Fulfilment, pure: the tables of moves, pickup codes, what stands on lists and papers."""
