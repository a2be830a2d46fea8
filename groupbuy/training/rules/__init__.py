"""The school, pure: states, completion, attendance, grading, certificates, coaching.

The rules are those of docs/domain.md, "Training".
"""
