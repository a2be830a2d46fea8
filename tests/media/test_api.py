"""Pictures over HTTP, into a folder and into a bucket, with everything that can go wrong."""

from pathlib import Path
from typing import Any

import pytest

from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import session, transaction
from groupbuy.kernel.problems import InvalidInput
from groupbuy.media import services
from groupbuy.media.jobs import forget_loose
from groupbuy.media.models import Picture
from groupbuy.media.providers.folder import FolderStore
from groupbuy.media.providers.interface import StoreUnavailable
from tests.client import Api, Caller
from tests.doubles.fixtures import bucket, picture_folder
from tests.doubles.s3 import SECRET, BucketDouble
from tests.doubles.server import DROP_AFTER_EFFECT, ERROR_BEFORE_EFFECT
from tests.factories.media import picture_body
from tests.journeys.headquarters import made

__all__ = ["bucket", "picture_folder"]

PRODUCT = f"prd_{'1' * 32}"


def uploaded(who: Caller, **options: Any) -> str:
    return str(made(who.post("/pictures", picture_body(**options)))["id"])


def claim(
    who: Caller, kind: str, *pictures: str, owner: str = PRODUCT, public: bool = True
) -> None:
    with transaction():
        services.claim(
            picture_ids=pictures,
            owner=owner,
            actor=Actor(kind=kind, id=who.id),
            public=public,
            pointer="/picture_ids",
        )


class TestUpload:
    def test_it_keeps_a_picture_in_a_folder(self, api: Api, picture_folder: Path) -> None:
        answer = made(api.shopper("bo").post("/pictures", picture_body(width=800, height=600)))
        assert (answer["width"], answer["height"]) == (800, 600)
        names = sorted(path.name for path in picture_folder.rglob("*.jpg"))
        assert names == [f"{answer['id']}-full.jpg", f"{answer['id']}-thumbnail.jpg"]

    def test_it_keeps_a_picture_in_a_bucket(self, api: Api, bucket: BucketDouble) -> None:
        bo = api.shopper("bo")
        picture = uploaded(bo)
        assert {kind for kind, _ in bucket.objects.values()} == {"image/jpeg"}
        shown = bo.get(f"/pictures/{picture}", size="thumbnail")
        assert shown.data == bucket.objects[f"{picture}-thumbnail.jpg"][1]

    def test_it_says_what_is_no_picture(self, api: Api, picture_folder: Path) -> None:
        answer = api.shopper("bo").post("/pictures", picture_body(b"<svg/>"))
        assert (answer.status_code, answer.json["code"]) == (422, "not-a-picture")
        assert not picture_folder.exists()

    def test_it_refuses_base64_that_is_none_and_bodies_that_are_too_long(self, api: Api) -> None:
        bo = api.shopper("bo")
        assert bo.post("/pictures", {"content": "ü"}).status_code == 422
        assert bo.post("/pictures", {"content": "A" * 12_000_000}).status_code == 413

    def test_it_says_that_no_store_is_set_up(self, api: Api) -> None:
        answer = api.shopper("bo").post("/pictures", picture_body())
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
        assert answer.json["type"].endswith("picture-store-unavailable")

    @pytest.mark.parametrize("fault", [DROP_AFTER_EFFECT, ERROR_BEFORE_EFFECT])
    def test_it_says_that_the_store_is_away_and_shows_nothing_half_kept(
        self, api: Api, bucket: BucketDouble, fault: Any
    ) -> None:
        bo = api.shopper("bo")
        bucket.script(fault)
        assert bo.post("/pictures", picture_body()).status_code == 503
        [half] = session().query(Picture).all()
        assert bo.get(f"/pictures/{half.id}").status_code == 404

    def test_it_tells_nobody_the_secret(self, api: Api, bucket: BucketDouble) -> None:
        bucket.script(ERROR_BEFORE_EFFECT)
        assert SECRET not in api.shopper("bo").post("/pictures", picture_body()).text


class TestShow:
    def test_it_shows_a_loose_picture_to_who_brought_it_and_to_headquarters(
        self, api: Api, picture_folder: Path
    ) -> None:
        picture = uploaded(api.shopper("bo"))
        path = f"/pictures/{picture}"
        own = api.shopper("bo").get(path)
        assert (own.status_code, own.headers["Content-Type"]) == (200, "image/jpeg")
        assert own.headers["Cache-Control"] == "private, no-store"
        assert api.staff("operator").get(path).status_code == 200
        assert api.shopper("zed").get(path).status_code == 404
        assert api.anonymous.get(path).status_code == 404

    def test_it_shows_everybody_what_is_public_for_ever(
        self, api: Api, picture_folder: Path
    ) -> None:
        hua = api.staff("operator")
        picture = uploaded(hua)
        claim(hua, "staff", picture)
        answer = api.anonymous.get(f"/pictures/{picture}")
        assert answer.status_code == 200
        assert "immutable" in answer.headers["Cache-Control"]

    def test_it_says_when_the_store_has_lost_it(self, api: Api, picture_folder: Path) -> None:
        picture = uploaded(api.shopper("bo"))
        for path in picture_folder.rglob("*.jpg"):
            path.unlink()
        assert api.shopper("bo").get(f"/pictures/{picture}").status_code == 503


class TestClaim:
    def test_it_refuses_what_somebody_else_brought(self, api: Api, picture_folder: Path) -> None:
        picture = uploaded(api.shopper("bo"))
        for who, kind in ((api.shopper("zed"), "shopper"), (api.staff("operator"), "staff")):
            with pytest.raises(InvalidInput):
                claim(who, kind, picture)

    def test_it_lets_headquarters_use_what_a_colleague_brought(
        self, api: Api, picture_folder: Path
    ) -> None:
        picture = uploaded(api.staff("operator"))
        claim(api.staff("operator", "second"), "staff", picture)

    def test_it_refuses_what_is_part_of_something_else(
        self, api: Api, picture_folder: Path
    ) -> None:
        hua = api.staff("operator")
        picture = uploaded(hua)
        claim(hua, "staff", picture)
        claim(hua, "staff", picture)
        with pytest.raises(InvalidInput):
            claim(hua, "staff", picture, owner=f"prd_{'2' * 32}")

    def test_it_lets_go_of_what_is_named_no_more(self, api: Api, picture_folder: Path) -> None:
        hua = api.staff("operator")
        first, second = uploaded(hua), uploaded(hua)
        claim(hua, "staff", first, second)
        claim(hua, "staff", second)
        assert api.anonymous.get(f"/pictures/{first}").status_code == 404
        assert api.anonymous.get(f"/pictures/{second}").status_code == 200

    def test_it_refuses_what_is_not_there(self, api: Api) -> None:
        with pytest.raises(InvalidInput):
            claim(api.staff("operator"), "staff", f"pic_{'3' * 32}")


class TestForget:
    def test_it_removes_what_nothing_used_within_a_day(
        self, api: Api, picture_folder: Path
    ) -> None:
        hua = api.staff("operator")
        used, loose = uploaded(hua), uploaded(hua)
        claim(hua, "staff", used)
        api.clock.advance(hours=23)
        forget_loose()
        assert api.staff("operator").get(f"/pictures/{loose}").status_code == 200
        api.clock.advance(hours=2)
        forget_loose()
        assert {path.name[:36] for path in picture_folder.rglob("*.jpg")} == {used}
        assert [row.id for row in session().query(Picture)] == [used]

    def test_it_tries_again_when_the_store_was_away(self, api: Api, bucket: BucketDouble) -> None:
        uploaded(api.staff("operator"))
        api.clock.advance(hours=25)
        bucket.script(ERROR_BEFORE_EFFECT)
        with pytest.raises(StoreUnavailable):
            forget_loose()
        [row] = session().query(Picture).all()
        assert row.removed_at is not None
        with pytest.raises(InvalidInput):
            claim(api.staff("operator"), "staff", row.id)
        forget_loose()
        assert bucket.objects == {}
        assert session().query(Picture).count() == 0

    def test_it_does_nothing_without_a_store(self, api: Api) -> None:
        forget_loose()


@pytest.mark.parametrize("key", ["../etc/passwd", "pic_1-full.jpg", f"pic_{'0' * 32}-full.jpg/.."])
def test_it_refuses_names_that_are_not_ours(tmp_path: Path, key: str) -> None:
    with pytest.raises(ValueError, match="not a name of ours"):
        FolderStore(tmp_path).get(key)
