"""Who sells.

Owns: applications, leaders, communities, pickup points.
Calls: identity.
Announces: see signals.py, where there is one.
"""
