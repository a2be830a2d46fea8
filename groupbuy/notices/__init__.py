"""What we have to tell a person, as rows; a messaging room above will send them.

Owns: notices with the moment from which each may be told, who wants which kind.
Calls: identity.
Announces: nothing.
"""
