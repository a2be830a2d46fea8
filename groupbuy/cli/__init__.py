"""Commands for operators.

Owns: `flask staff`, `flask plan`, `flask settlement`, `flask payouts`, `flask books`,
`flask audit`, `flask holds`, `flask catalogue`, `flask jobs`.
Calls: every domain's services and queries.
Announces: nothing.
"""
