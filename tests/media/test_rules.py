"""What becomes of an uploaded picture."""

import io
import subprocess
import sys
from pathlib import Path
from typing import Any

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
        draw_again(picture_bytes(kind="JPEG"))


def test_it_names_files_by_nothing_but_our_own_id() -> None:
    assert key_of(f"pic_{'0' * 32}", Size.FULL) == f"pic_{'0' * 32}-full.jpg"


@pytest.mark.parametrize(
    ("kind", "mode", "width", "most"),
    [("JPEG", "RGB", 7_000, 200), ("PNG", "RGBA", 4_000, 200), ("WEBP", "RGB", 4_000, 350)],
)
def test_it_needs_little_memory_however_many_pixels_a_small_file_holds(
    tmp_path: Path, kind: str, mode: str, width: int, most: int
) -> None:
    file = tmp_path / "picture"
    file.write_bytes(picture_bytes(kind=kind, mode=mode, width=width, height=5_000))
    # The decoders' memory is not Python's, and a child inherits its parent's peak in `rusage`.
    measure = (
        "import sys\n"
        "from pathlib import Path\n"
        "from groupbuy.media.rules import draw_again\n"
        "told = Path('/proc/self/status').read_text\n"
        "peak = lambda: int(told().split('VmHWM:')[1].split()[0])\n"
        "before = peak()\n"
        "draw_again(Path(sys.argv[1]).read_bytes())\n"
        "print(peak() - before)\n"
    )
    run = [sys.executable, "-c", measure, str(file)]
    told = subprocess.run(run, check=True, capture_output=True, text=True)
    assert int(told.stdout) >> 10 < most


def test_it_takes_more_pixels_only_where_they_need_not_be_unpacked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rules, "UNPACKED_PIXELS", 1_000)
    draw_again(picture_bytes(kind="JPEG"))
    cases: list[tuple[str, dict[str, Any]]] = [("PNG", {}), ("JPEG", {"progressive": True})]
    for kind, options in cases:
        with pytest.raises(NotAPicture, match="too many"):
            draw_again(picture_bytes(kind=kind, **options))


def test_it_keeps_the_greys_of_a_picture_of_16_bits() -> None:
    out = io.BytesIO()
    Image.new("I;16", (60, 40), 0x6400).save(out, "PNG")
    full = opened(draw_again(out.getvalue()).contents[Size.FULL])
    assert full.getpixel((5, 5)) == (100, 100, 100)
