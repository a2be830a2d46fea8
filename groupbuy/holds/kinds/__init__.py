"""The named rules that place holds: one file each, and the registry."""
