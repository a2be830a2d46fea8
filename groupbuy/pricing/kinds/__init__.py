"""Kinds of promotions: one file each, and one line in registry.py."""
