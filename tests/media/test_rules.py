"""What becomes of an uploaded picture."""

import io

import pytest
from PIL import Image

from groupbuy.media import rules
from groupbuy.media.rules import NotAPicture, Size, draw_again, key_of
from tests.factories.media import picture_bytes


def opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


@pytest.mark.parametrize("kind", rules.FORMATS)
def test_it_makes_a_jpeg_of_every_format_that_is_read(kind: str) -> None:
    drawn = draw_again(picture_bytes(kind=kind))
    assert (drawn.width, drawn.height) == (60, 40)
    assert {opened(content).format for content in drawn.contents.values()} == {"JPEG"}


def test_it_keeps_two_sizes_and_blows_nothing_up() -> None:
    drawn = draw_again(picture_bytes(width=3200, height=1000, kind="JPEG"))
    assert opened(drawn.contents[Size.FULL]).size == (1600, 500)
    assert opened(drawn.contents[Size.THUMBNAIL]).size == (400, 125)
    small = draw_again(picture_bytes())
    assert opened(small.contents[Size.FULL]).size == (60, 40)


def test_it_drops_what_a_camera_wrote_and_turns_the_picture_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held on its side
    exif[0x010E] = "secret words"
    exif.get_ifd(0x8825)[1] = "N"
    drawn = draw_again(picture_bytes(kind="JPEG", exif=exif))
    full = opened(drawn.contents[Size.FULL])
    assert full.size == (40, 60)
    assert len(full.getexif()) == 0
    assert b"secret" not in drawn.contents[Size.FULL]


def test_it_makes_transparency_white() -> None:
    full = opened(draw_again(picture_bytes(mode="RGBA")).contents[Size.FULL])
    assert full.getpixel((5, 5)) == (255, 255, 255)


def test_it_drops_what_follows_the_picture() -> None:
    tail = b"<script>alert(1)</script>" * 10
    drawn = draw_again(picture_bytes(kind="PNG") + tail)
    assert b"script" not in drawn.contents[Size.FULL]


@pytest.mark.parametrize(
    "content",
    [
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"%PDF-1.7",
        b"\xff\xd8\xff\xe0 not really",
        picture_bytes()[:40],
        b"BM" + bytes(60),
    ],
)
def test_it_refuses_what_is_no_picture(content: bytes) -> None:
    with pytest.raises(NotAPicture):
        draw_again(content)


def test_it_refuses_small_files_that_hold_endless_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "PIXELS", 1_000)
    with pytest.raises(NotAPicture, match="too many"):
        draw_again(picture_bytes())


def test_it_names_files_by_nothing_but_our_own_id() -> None:
    assert key_of(f"pic_{'0' * 32}", Size.FULL) == f"pic_{'0' * 32}-full.jpg"
