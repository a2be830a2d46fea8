"""Taking pictures in, using them, letting go of them.

The bytes are kept outside the database, so an upload has three steps: the row (`begin`), the
bytes (`keep`, outside any transaction), and that they are there (`finish`). What breaks off in
between is swept away a day later.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select, update

from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import outside_transaction, session
from groupbuy.kernel.ids import new_id
from groupbuy.kernel.problems import InvalidInput
from groupbuy.kernel.texts import Text
from groupbuy.media import queries
from groupbuy.media.errors import NotAPictureFile, PictureStoreUnavailable
from groupbuy.media.models import Picture
from groupbuy.media.providers.interface import StoreUnavailable
from groupbuy.media.providers.registry import store
from groupbuy.media.rules import FORGOTTEN_AFTER, Drawn, NotAPicture, Size, draw_again, key_of


def draw(*, upload: bytes) -> Drawn:
    """Return an uploaded picture drawn again.

    Raises:
        NotAPictureFile: see rules.draw_again.
    """
    try:
        return draw_again(upload)
    except NotAPicture as fault:
        raise NotAPictureFile from fault


def begin(*, drawn: Drawn, actor: Actor, now: datetime) -> Picture:
    """Write the row of a picture whose bytes are about to be kept."""
    picture = Picture(
        id=new_id("pic"),
        uploaded_by=actor.label,
        width=drawn.width,
        height=drawn.height,
        created_at=now,
    )
    session().add(picture)
    session().flush()
    return picture


def keep(*, picture_id: str, drawn: Drawn) -> None:
    """Put the bytes into the store, outside any transaction; repeatable.

    Raises:
        PictureStoreUnavailable: it did not answer.
    """
    with outside_transaction():
        try:
            for size, content in drawn.contents.items():
                store().put(key_of(picture_id, size), content)
        except StoreUnavailable as fault:
            raise PictureStoreUnavailable from fault


def finish(*, picture_id: str, now: datetime) -> Picture:
    """Record that the bytes are there: from now on the picture can be shown and used."""
    kept = update(Picture).where(Picture.id == picture_id).values(stored_at=now)
    fresh = {"populate_existing": True}
    return session().scalars(kept.returning(Picture), execution_options=fresh).one()


def content(*, picture_id: str, size: Size) -> bytes:
    """Return the bytes of a picture, outside any transaction.

    Raises:
        PictureStoreUnavailable: the store did not answer, or has lost them.
    """
    with outside_transaction():
        try:
            found = store().get(key_of(picture_id, size))
        except StoreUnavailable as fault:
            raise PictureStoreUnavailable from fault
    if found is None:
        raise PictureStoreUnavailable
    return found


def claim(
    *, picture_ids: Sequence[str], owner: str, actor: Actor, public: bool, pointer: str
) -> None:
    """Make exactly these pictures the owner's; those it had beside them are let go.

    Args:
        owner: the id of what they are part of.
        public: whether everybody may see them.
        pointer: where in the request they were named.

    Raises:
        InvalidInput: one is not there, is part of something else, or somebody else brought it
            (headquarters may use what any of its staff brought).
    """
    session().execute(
        update(Picture)
        .where(Picture.owner == owner, Picture.id.not_in(picture_ids))
        .values(owner=None, public=False)
    )
    wanted = set(picture_ids)
    query = select(Picture).where(Picture.id.in_(wanted)).order_by(Picture.id).with_for_update()
    found = session().scalars(query, execution_options={"populate_existing": True}).all()
    usable = [picture for picture in found if _may_use(picture, owner=owner, actor=actor)]
    if len(usable) < len(wanted):
        raise InvalidInput.at(
            pointer,
            Text(
                "图片不存在、已被使用，或不是您上传的。",
                "A picture is not there, is used already, or was not uploaded by you.",
            ),
        )
    for picture in usable:
        picture.owner, picture.public = owner, public
    session().flush()


def let_go(*, picture_id: str, now: datetime) -> bool:
    """Mark a picture that nothing uses, so that nothing will; tell whether it was still unused."""
    unused = update(Picture).where(Picture.id == picture_id, Picture.owner.is_(None))
    marked = unused.values(removed_at=now).returning(Picture.id)
    return session().scalar(marked) is not None


def forget(*, picture_id: str) -> None:
    """Remove the bytes of a picture that was let go, outside any transaction.

    Raises:
        StoreUnavailable: try again later; the row still names what is to go.
    """
    with outside_transaction():
        for size in Size:
            store().delete(key_of(picture_id, size))


def remove(*, picture_id: str) -> None:
    """Remove the row of a picture whose bytes are gone."""
    gone = Picture.removed_at.is_not(None)
    session().execute(delete(Picture).where(Picture.id == picture_id, gone))


def forgotten(*, now: datetime, limit: int = 500) -> list[str]:
    """Return the pictures that nothing used within a day."""
    return queries.forgotten(before=now - FORGOTTEN_AFTER, limit=limit)


def _may_use(picture: Picture, *, owner: str, actor: Actor) -> bool:
    ready = picture.stored_at is not None and picture.removed_at is None
    if not ready or picture.owner not in (None, owner):
        return False
    brought_by_staff = picture.uploaded_by.startswith("stf_")
    return picture.uploaded_by == actor.label or (actor.kind == "staff" and brought_by_staff)
