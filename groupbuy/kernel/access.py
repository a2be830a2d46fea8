"""Who asks, and whether they may.

The rule itself (role x permission) is identity's table; how a token becomes an actor is wired in
`groupbuy.app`. What stands here is only the vocabulary that every entrance speaks.
"""

from dataclasses import dataclass
from typing import Protocol, cast

from flask import current_app

EXTENSION = "groupbuy.gate"


@dataclass(frozen=True, slots=True)
class Actor:
    """Whoever asks: an anonymous caller, a shopper, a leader, a member of staff, the system.

    `id` is the shopper's or the staff member's public id, `leader_id` is set when a shopper acts
    as an accepted leader, `session_id` names the login.
    """

    kind: str
    id: str = ""
    role: str = "anonymous"
    leader_id: str = ""
    session_id: str = ""

    @property
    def label(self) -> str:
        """Return how history rows name the actor."""
        return self.id or self.kind


ANONYMOUS = Actor(kind="anonymous")
SYSTEM = Actor(kind="system", role="system")


class Gate(Protocol):
    """Turns a bearer token into an actor that has the permission, or raises a Problem."""

    def admit(self, token: str | None, permission: str) -> Actor:
        """Return the actor.

        Raises:
            NotAuthenticated: no token, or one that is unknown, expired or revoked.
            NotPermitted: the actor's role does not have the permission.
        """
        ...

    def holder(self, token: str | None) -> str | None:
        """Return whose token it is at the moment, as `Actor.label`; None if nobody's."""
        ...

    def knows(self, permission: str) -> bool:
        """Tell whether the permission is in the table."""
        ...


def gate() -> Gate:
    """Return the application's gate."""
    return cast(Gate, current_app.extensions[EXTENSION])
