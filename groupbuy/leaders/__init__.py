"""Who sells.

Owns: leader applications, leaders with the history of their level and region, communities,
pickup points and their verifiers.
Calls: identity.
Announces: leader_approved.
"""
