"""Thin HTTP clients of outside parties; no business noun.

Owns: the WeChat client.
Calls: the network, never the database.
Announces: nothing.
"""
