"""Papers: what they say can be read again, they fit a phone, and they come out the same."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as with_settings
from hypothesis import strategies as st
from pypdfium2 import PdfDocument, raw

from groupbuy.kernel import papers
from groupbuy.kernel.papers import Heading, Line, Paper
from groupbuy.kernel.texts import Text

CREATED = datetime(2026, 4, 16, 1, 30, tzinfo=UTC)
TITLE = Text("佣金结算单 2026年3月", "Statement, March 2026")
HEADINGS = (
    Heading(Text("订单", "Order"), 5),
    Heading(Text("金额", "Base"), 3, right=True),
    Heading(Text("佣金", "Commission"), 3, right=True),
)


def statement(language: str = "zh-CN", lines: int = 40) -> bytes:
    paper = Paper(TITLE, language, created=CREATED)
    paper.note(Text("已批准。", "Approved."))
    paper.pairs([(Text("团长", "Leader"), "小梅"), (Text("应付", "Payable"), "¥12,000.67")])
    paper.heading(Text("明细", "Lines"))
    paper.table(
        HEADINGS,
        [Line([f"大米 × {n}", "¥100.00", f"¥{n}.00"], note="按 10%") for n in range(lines)],
        total=["合计", "¥4,000.00", "-¥345.00"],
    )
    paper.code("https://groupbuy.example/statements/1", caption=Text("扫码查看", "Scan"))
    return paper.content()


def pages(content: bytes) -> list[str]:
    with PdfDocument(content) as document:
        return [page.get_textpage().get_text_bounded() for page in document]


def test_it_says_in_chinese_what_it_was_given() -> None:
    text = "\n".join(pages(statement()))
    wanted = [TITLE.zh, "已批准。", "团长", "小梅", "¥12,000.67", "-¥345.00", "大米 × 39", "按 10%"]
    assert [word for word in wanted if word not in text] == []


def test_it_says_it_in_english_too() -> None:
    text = "\n".join(pages(statement("en")))
    wanted = [TITLE.en, "Approved.", "Leader", "小梅", "Commission", "Page 1 of"]
    assert [word for word in wanted if word not in text] == []


def test_it_repeats_the_headings_and_counts_the_pages() -> None:
    found = pages(statement())
    assert len(found) > 3
    for number, text in enumerate(found[:-1], 1):
        assert "订单" in text
        assert f"第 {number} / {len(found)} 页" in text


def test_it_fits_a_phone() -> None:
    with PdfDocument(statement()) as document:
        assert {int(page.get_width() * 254 / 720 + 1 / 2) for page in document} == {105}
        assert min(size for page in document for size in _sizes(page)) >= 11


def _sizes(page: Any) -> Iterator[float]:
    text = page.get_textpage()
    for n in range(text.count_chars()):
        if not raw.FPDFText_IsGenerated(text, n):
            yield raw.FPDFText_GetFontSize(text, n)


def test_it_is_small_and_has_its_letters_with_it() -> None:
    content = statement()
    assert len(content) < 300_000
    assert b"/FontFile3" in content


def test_it_gives_the_same_bytes_again() -> None:
    assert statement() == statement()
    with PdfDocument(statement()) as document:
        found = document.get_metadata_dict()
    assert (found["Title"], found["CreationDate"]) == (TITLE.zh, "D:20260416013000Z")


@pytest.mark.parametrize("seed", ["1", "2"])
def test_it_gives_the_same_bytes_in_another_process(seed: str) -> None:
    program = (
        "import sys; from tests.kernel.test_papers import statement; "
        "sys.stdout.buffer.write(statement(lines=3))"
    )
    root = Path(__file__).resolve().parents[2]
    other = subprocess.run(
        [sys.executable, "-c", program],
        cwd=root,
        env={**os.environ, "PYTHONHASHSEED": seed},
        capture_output=True,
        check=True,
    )
    assert other.stdout == statement(lines=3)


def test_it_refuses_a_row_that_does_not_fit() -> None:
    paper = Paper(TITLE, "en", created=CREATED)
    with pytest.raises(ValueError, match="zip"):
        paper.table(HEADINGS, [Line(["only one"])])


def test_it_has_an_empty_table_too() -> None:
    assert "¥4,000.00" in "".join(pages(statement(lines=0)))


def test_it_goes_on_when_a_row_is_longer_than_a_page() -> None:
    paper = Paper(TITLE, "zh-CN", created=CREATED)
    paper.table(HEADINGS, [Line(["很长" * 200, "", "¥1.00"], note="说明" * 600)])
    found = pages(paper.content())
    assert len(found) > 2
    assert "".join(found).count("很") == 200


@pytest.fixture(scope="module")
def paper() -> papers._Pages:
    return papers._Pages("zh-CN")


class TestWrapping:
    def test_it_keeps_words_amounts_and_punctuation_together(self, paper: papers._Pages) -> None:
        lines = paper.wrapped("退款后剩 ¥1,234.56，commission 由 ¥1.00 变为 ¥2.00。", 30, 11)
        assert len(lines) > 2
        assert all(line[0] not in "，。 " for line in lines)
        assert "¥1,234.56，" in lines[0] + lines[1].split()[0]
        assert any("commission" in line for line in lines)

    def test_it_breaks_a_word_that_is_wider_than_its_column(self, paper: papers._Pages) -> None:
        lines = paper.wrapped("sts_" + "0198f3c2" * 4, 30, 11)
        assert "".join(lines) == "sts_" + "0198f3c2" * 4
        assert len(lines) > 2

    @with_settings(max_examples=60)
    @given(text=st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=80))
    def test_it_loses_nothing_but_spaces(self, paper: papers._Pages, text: str) -> None:
        lines = paper.wrapped(text, 40, 11)
        assert re.sub(r"\s", "", "".join(lines)) == re.sub(r"\s", "", text)
