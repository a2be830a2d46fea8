"""Commands for operators.

Owns: `flask staff`, `flask plan`, `flask settlement`, `flask payouts`, `flask books`,
`flask jobs`.
Calls: every domain's services and queries.
Announces: nothing.
"""
