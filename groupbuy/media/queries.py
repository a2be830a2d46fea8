"""Reads of media."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select

from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import session
from groupbuy.kernel.personal import PersonalData
from groupbuy.kernel.problems import NotFound
from groupbuy.media.models import Picture


def visible_picture(picture_id: str, *, actor: Actor) -> Picture:
    """Return a picture that the actor may see, or raise NotFound.

    Everybody sees what is public, headquarters everything, and whoever brought a picture that.
    """
    found = session().get(Picture, picture_id)
    if found is None or found.stored_at is None or found.removed_at is not None:
        raise NotFound
    if not (found.public or actor.kind == "staff" or found.uploaded_by == actor.label):
        raise NotFound
    return found


def pictures_of(owners: Collection[str]) -> dict[str, list[Picture]]:
    """Return the pictures of each owner in order of upload, in one statement; none if it has none.

    An owner that shows them in an order of its own keeps their ids.
    """
    found: dict[str, list[Picture]] = {}
    query = select(Picture).where(Picture.owner.in_(owners)).order_by(Picture.id)
    for picture in session().scalars(query):
        found.setdefault(picture.owner or "", []).append(picture)
    return found


def forgotten(*, before: datetime, limit: int) -> list[str]:
    """Return the pictures that nothing used in time, oldest first."""
    query = select(Picture.id).where(Picture.owner.is_(None), Picture.created_at < before)
    return list(session().scalars(query.order_by(Picture.created_at).limit(limit)))


_OWN = "uploaded_by = 'shp_' || replace(cast(:shopper as text), '-', '')"

PERSONAL = (
    PersonalData(
        "pictures",
        "select 'pic_' || replace(id::text, '-', '') as picture_id, owner, created_at "
        f"from pictures where {_OWN} order by id",
        # What nothing owns is swept away within a day, its bytes too.
        erase=(f"update pictures set owner = null, public = false where {_OWN}",),
    ),
)
