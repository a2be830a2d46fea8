"""What leaders run: communities and pickup points."""

from datetime import datetime
from typing import Any

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert

from groupbuy.identity import queries as identity
from groupbuy.kernel import audit
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import session
from groupbuy.kernel.problems import NotFound
from groupbuy.leaders import queries
from groupbuy.leaders.models import Community, PickupPoint, PickupVerifier
from groupbuy.leaders.services.editing import edited


def add_community(*, leader_id: str, **fields: Any) -> Community:
    """Add a community: `name`, `purpose`, `size` (members), `tags`, `place`."""
    community = Community(leader_id=leader_id, **fields)
    session().add(community)
    session().flush()
    return community


def edit_community(
    *, leader_id: str, community_id: str, if_match: int, **changes: Any
) -> Community:
    """Change an own community; `state: disbanded` ends it.

    Raises:
        StaleVersion: it changed since it was read.
    """
    return edited(
        row=queries.own_community(leader_id, community_id), if_match=if_match, changes=changes
    )


def open_pickup_point(
    *,
    leader_id: str,
    name: str,
    address: str,
    opening_hours: str = "",
    latitude: int | None = None,
    longitude: int | None = None,
) -> PickupPoint:
    """Open a pickup point and make the leader its first verifier.

    The coordinates are in micro-degrees, both or none.
    """
    point = PickupPoint(
        leader_id=leader_id,
        name=name,
        address=address,
        opening_hours=opening_hours,
        latitude=latitude,
        longitude=longitude,
    )
    session().add(point)
    session().flush()
    shopper_id = queries.leader(leader_id).shopper_id
    session().add(PickupVerifier(point_id=point.id, shopper_id=shopper_id))
    session().flush()
    return point


def edit_point(*, leader_id: str, point_id: str, if_match: int, **changes: Any) -> PickupPoint:
    """Change an own pickup point; `state: closed` takes it out of use.

    Raises:
        StaleVersion: it changed since it was read.
    """
    return edited(row=queries.own_point(leader_id, point_id), if_match=if_match, changes=changes)


def add_verifier(
    *, leader_id: str, point_id: str, shopper_id: str, actor: Actor, now: datetime
) -> dict[str, str]:
    """Let a shopper hand over goods at an own point; doing it twice changes nothing.

    Raises:
        NotFound: no such own point, or no such shopper.
    """
    queries.own_point(leader_id, point_id)
    shopper = identity.shopper(shopper_id)
    added = session().scalar(
        insert(PickupVerifier)
        .values(point_id=point_id, shopper_id=shopper_id)
        .on_conflict_do_nothing()
        .returning(PickupVerifier.shopper_id)
    )
    if added is not None:
        _note("pickup_point.add_verifier", point_id, shopper_id, actor, now)
    return {"shopper_id": shopper.id, "name": shopper.name}


def remove_verifier(
    *, leader_id: str, point_id: str, shopper_id: str, actor: Actor, now: datetime
) -> None:
    """Take the right to hand over goods at an own point back.

    Raises:
        NotFound: no such own point, or the shopper is not a verifier there.
    """
    queries.own_point(leader_id, point_id)
    removed = session().scalar(
        delete(PickupVerifier)
        .where(PickupVerifier.point_id == point_id, PickupVerifier.shopper_id == shopper_id)
        .returning(PickupVerifier.shopper_id)
    )
    if removed is None:
        raise NotFound
    _note("pickup_point.remove_verifier", point_id, shopper_id, actor, now)


def _note(action: str, point_id: str, shopper_id: str, actor: Actor, now: datetime) -> None:
    audit.record(actor=actor, action=action, subject=point_id, now=now, shopper_id=shopper_id)
