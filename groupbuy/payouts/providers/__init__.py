"""The ways to pay, one file each, and their registry."""
