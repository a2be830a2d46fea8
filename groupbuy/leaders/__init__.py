"""Who sells.

Owns: leader applications, leaders, communities, pickup points and their verifiers.
Calls: identity.
Announces: leader_approved.
"""
