"""Parties that take money for us: one file each, one interface, one registry."""
