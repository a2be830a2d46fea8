"""The kinds of questions: one file each, and the registry."""
