"""Pictures over HTTP: uploaded first, then named where they are used."""

from typing import Any

from flask import request

from groupbuy.kernel import clock
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import transaction
from groupbuy.kernel.downloads import Inline
from groupbuy.kernel.http import Api, caller_key
from groupbuy.media import errors, queries, services
from groupbuy.media.models import Picture
from groupbuy.media.rules import MEDIA_TYPE, Size
from groupbuy.media.schemas import BODY_BYTES, PictureBody, PictureQuery, PictureSchema

api = Api("media", __name__, url_prefix="/api/v1", description="Pictures")


def let_pictures_in() -> None:
    """Let the body that brings a picture be as long as one."""
    if request.endpoint == "media.upload_picture":
        request.max_content_length = BODY_BYTES


api.before_request(let_pictures_in)


@api.post(
    "/pictures",
    allow="pictures.upload",
    body=PictureBody,
    returns=PictureSchema,
    status=201,
    problems=[errors.NotAPictureFile, errors.PictureStoreUnavailable],
    limits=["60/minute"],
    limit_by=caller_key,
)
def upload_picture(actor: Actor, body: dict[str, Any]) -> Picture:
    """Take a picture in; it is drawn again, so nothing but its pixels is kept."""
    drawn = services.draw(upload=body["content"])
    with transaction():
        picture_id = services.begin(drawn=drawn, actor=actor, now=clock.now()).id
    services.keep(picture_id=picture_id, drawn=drawn)
    with transaction():
        return services.finish(picture_id=picture_id, now=clock.now())


@api.get(
    "/pictures/<id(pic):picture_id>",
    allow="pictures.see",
    query=PictureQuery,
    files=[MEDIA_TYPE],
    problems=[errors.PictureStoreUnavailable],
)
def show_picture(actor: Actor, picture_id: str, query: dict[str, Any]) -> Inline:
    """Show a picture: a public one to everybody, another to who brought it and to headquarters."""
    with transaction():
        public = queries.visible_picture(picture_id, actor=actor).public
    content = services.content(picture_id=picture_id, size=Size(query["size"]))
    return Inline(content, MEDIA_TYPE, forever=public)
