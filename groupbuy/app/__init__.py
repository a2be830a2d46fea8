"""The application: the only place that knows every room.

Owns: `create_app`, the registry of rooms, the gate, health and documentation pages.
Calls: every domain.
Announces: nothing.
"""
