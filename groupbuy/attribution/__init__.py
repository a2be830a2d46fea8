"""Whose order it is.

Owns: touches, customer locks, decisions with their evidence.
Calls: leaders, campaigns.
Announces: see signals.py, where there is one.
"""
