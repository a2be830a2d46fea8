"""Commands for operators.

Owns: `flask staff`, `flask plan`, `flask settlement`, `flask books`, `flask audit`,
`flask jobs`.
Calls: every domain's services and queries.
Announces: nothing.
"""
