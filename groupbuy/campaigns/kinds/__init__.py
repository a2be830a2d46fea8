"""Kinds of campaigns: one file each, and one line in registry.py."""
