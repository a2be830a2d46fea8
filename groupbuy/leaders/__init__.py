"""Who sells.

Owns: leader applications, leaders with the history of their level and region, communities,
pickup points and their verifiers, what leaders are qualified in and what levels ask for.
Calls: identity.
Announces: leader_approved.
"""
