"""What media does by the clock."""

from groupbuy.kernel import clock
from groupbuy.kernel.db import transaction
from groupbuy.kernel.jobs import every
from groupbuy.kernel.settings import settings
from groupbuy.media import services


@every("37 * * * *", "media.forget_loose")
def forget_loose() -> None:
    """Remove pictures that were uploaded and never used; the row goes last, so none is lost."""
    if not settings().pictures_url:
        return
    with transaction():
        loose = services.forgotten(now=clock.now())
    for picture_id in loose:
        with transaction():
            unused = services.let_go(picture_id=picture_id, now=clock.now())
        if unused:
            services.forget(picture_id=picture_id)
            with transaction():
                services.remove(picture_id=picture_id)
