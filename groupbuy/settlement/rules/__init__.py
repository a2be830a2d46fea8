"""The month, pure: its moves and windows, the statement of one leader, its words.

The rules are those of docs/domain.md, "Settlement".
"""
