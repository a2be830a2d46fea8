"""The gate: token → actor → permission, default deny."""

from dataclasses import replace

from groupbuy.identity import queries as identity
from groupbuy.identity.rules import PERMISSIONS, Role, permits
from groupbuy.identity.services import hash_token
from groupbuy.kernel import clock
from groupbuy.kernel.access import ANONYMOUS, Actor
from groupbuy.kernel.problems import NotAuthenticated, NotPermitted
from groupbuy.leaders import queries as leaders

_LEADER_ONLY = frozenset({Role.LEADER})


class ApplicationGate:
    """Reads roles live at every request; a shopper's leadership only where it matters."""

    def admit(self, token: str | None, permission: str) -> Actor:
        """Return the actor if the table lets it pass (see kernel.access.Gate)."""
        actor = self._actor(token, permission)
        if permits(actor.role, permission):
            return actor
        if actor.kind == "anonymous":
            raise NotAuthenticated
        raise NotPermitted(permission=permission)

    def holder(self, token: str | None) -> str | None:
        """Return whose token it is (see kernel.access.Gate)."""
        actor = token and identity.actor_of(token_hash=hash_token(token), now=clock.now())
        return actor.label if actor else None

    def knows(self, permission: str) -> bool:
        """Tell whether the permission is in the table."""
        return permission in PERMISSIONS

    def _actor(self, token: str | None, permission: str) -> Actor:
        if token is None:
            return ANONYMOUS
        actor = identity.actor_of(token_hash=hash_token(token), now=clock.now())
        if actor is None:
            raise NotAuthenticated
        if actor.kind == "shopper" and PERMISSIONS.get(permission) == _LEADER_ONLY:
            leader_id = leaders.active_leader_id(shopper_id=actor.id)
            if leader_id is not None:
                return replace(actor, role=Role.LEADER, leader_id=leader_id)
        return actor
