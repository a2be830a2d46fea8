"""Papers: PDF files in Chinese or English, for a phone that shows them without zooming, or A4.

One column, nothing smaller than 11 points, and the same content gives the same bytes.
"""

import re
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import cast

import segno
from fpdf import FPDF
from fpdf.fonts import TTFFont
from noto_cjk_sans_otc import FONT_PATH

from groupbuy.kernel.texts import Text


@dataclass(frozen=True, slots=True)
class Form:
    """A size of pages, upright, in millimetres."""

    width: int
    height: int
    margin: int

    @property
    def column(self) -> int:
        """Return the width that is written on."""
        return self.width - 2 * self.margin

    @property
    def bottom(self) -> int:
        """Return the height that is written on; what is below belongs to the page number."""
        return self.height - 14


A6 = Form(105, 148, 7)
"""A phone's width at a readable size; also a label for a parcel."""
A4 = Form(210, 297, 14)
"""For people who walk along shelves with a clipboard."""

BODY, LARGE, TITLE = 11, 13, 17
"""Sizes of letters in points."""
LINE = 6
"""Millimetres from one line of the body to the next."""
GAP = 3
"""Millimetres between two columns of a table."""

INK, FAINT, RULE = 25, 95, 205
"""Greys: what is read, what explains it, and what divides."""

SIMPLIFIED = 2
"""The place of the simplified Chinese letters in the collection of fonts."""

PAGE = Text("第 {page} / {{nb}} 页", "Page {page} of {{nb}}")


@dataclass(frozen=True, slots=True)
class Heading:
    """A column of a table: what stands above it, its part of the width, and its side."""

    title: Text
    parts: int
    right: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a table: a text for each column, and one that explains it in full width."""

    cells: Sequence[str]
    note: str = ""


_OPEN, _CLOSE = "（〔《〈「『【“‘", "，。；：！？、）〕》〉」』】”’…％"
_WIDE = "\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff"
_TOKEN = re.compile(rf"\s*[{_OPEN}]*(?:[^\s{_WIDE}{_OPEN}{_CLOSE}]+|[{_WIDE}])[{_CLOSE}]*|\s+|.")
"""What no line may end within: a word, or a Chinese character with its punctuation."""


class _Pages(FPDF):
    """The pages with their numbers, and how wide letters are on them."""

    def __init__(self, language: str, form: Form = A6) -> None:
        super().__init__(unit="mm", format=(form.width, form.height))
        self._language, self._form = language, form
        self.set_margins(form.margin, form.margin)
        self.set_auto_page_break(False)
        self.add_font("noto", fname=Path(str(FONT_PATH)), collection_font_number=SIMPLIFIED)
        # The library leaves the file of letters open.
        weakref.finalize(self, cast(TTFFont, self.fonts["noto"]).ttfont.close)
        self.set_lang(language)
        self.c_margin = 0
        self._widths: dict[str, int] = {}

    def wrapped(self, text: str, width: float, size: int) -> list[str]:
        """Break a text into lines of this width; what stands before and after stays there."""
        lines = []
        for paragraph in text.splitlines() or [""]:
            line = ""
            for token in self._tokens(paragraph, width, size):
                if line and self._wide(line + token, size) > width:
                    lines.append(line)
                    token = token.lstrip()
                    line = ""
                line += token
            lines.append(line)
        return lines

    def _tokens(self, text: str, width: float, size: int) -> Iterator[str]:
        for match in _TOKEN.finditer(text):
            token = match[0]
            # A word that is wider than its column is broken anywhere.
            yield from [token] if self._wide(token, size) <= width else token

    def _wide(self, text: str, size: int) -> float:
        return sum(map(self._width_of, text)) * size / 1000

    def _width_of(self, letter: str) -> int:
        """Return a letter's width in thousandths of a millimetre at 1 point."""
        if letter not in self._widths:
            self.set_font("noto", size=100)
            self._widths[letter] = int(self.get_string_width(letter) * 10)
        return self._widths[letter]

    def footer(self) -> None:
        """Write the page's number."""
        self.set_font("noto", size=BODY)
        self.set_text_color(FAINT)
        self.set_y(self._form.bottom + 3)
        number = PAGE.format(page=self.page_no()).to(self._language)
        self.cell(self._form.column, LINE, number)


class Paper:
    """A document to be, from top to bottom; `created` is the moment that it states.

    One that is made of parts begins with the first of them: its own title is on no page.
    """

    def __init__(
        self,
        title: Text,
        language: str,
        *,
        created: datetime,
        form: Form = A6,
        in_parts: bool = False,
    ) -> None:
        self._language, self._form = language, form
        self._pages = _Pages(language, form)
        self._pages.set_creation_date(created)
        self._pages.set_title(title.to(language))
        self._on_new_page: Callable[[], None] = lambda: None
        self._running = ""
        if not in_parts:
            self._pages.add_page()
            self._text(title.to(language), size=TITLE)

    def part(self, title: Text) -> None:
        """Begin a part on a page of its own; its title stands on each of its pages."""
        self._running = ""
        self._pages.add_page()
        self._text(title.to(self._language), size=TITLE)
        self._running = title.to(self._language)

    def heading(self, text: Text) -> None:
        """Begin a part; it does not stand alone at the end of a page."""
        self._space(3)
        self._room(7 * LINE)
        self._text(text.to(self._language), size=LARGE)
        self._rule()

    def keep(self, lines: int) -> None:
        """Turn the page if fewer lines than this are left of it: what follows stays together."""
        self._room(min(lines * LINE, self._form.bottom - self._form.margin - 4 * LINE))

    def note(self, text: Text) -> None:
        """Write a paragraph that explains."""
        self._text(text.to(self._language), grey=FAINT)
        self._space(1)

    def pairs(self, pairs: Iterable[tuple[Text, str]]) -> None:
        """Write what is known, a line each: what it is at the left, its value at the right."""
        for name, value in pairs:
            self._row([name.to(self._language), value], _PAIR)
        self._space(1)

    def table(
        self, headings: Sequence[Heading], lines: Iterable[Line], *, total: Sequence[str] = ()
    ) -> None:
        """Write a table whose headings stand on every page, with a row of totals if there is one.

        Raises:
            ValueError: a row has more or fewer cells than there are headings.
        """
        titles = [heading.title.to(self._language) for heading in headings]

        def begin() -> None:
            self._row(titles, headings, grey=FAINT)
            self._rule(FAINT)

        self._room(4 * LINE)
        begin()
        self._on_new_page = begin
        for line in lines:
            self._row(line.cells, headings, note=line.note)
            self._rule()
        if total:
            self._space(-2)
            self._rule(INK)
            self._row(total, headings)
        self._on_new_page = lambda: None
        self._space(1)

    def code(self, content: str, *, caption: Text) -> None:
        """Draw a QR code, and write below it what it is for."""
        squares = [list(row) for row in segno.make(content, error="m", micro=False).matrix]
        side = A6.column * 2 / 5
        self._space(3)
        self._room(side + 3 * LINE)
        self._squares(squares, (self._form.width - side) / 2, side / len(squares))
        self._space(side + 2)
        self._text(caption.to(self._language), grey=FAINT, align="C")

    def signatures(self, names: Sequence[Text]) -> None:
        """Draw a line for each of those who sign, side by side."""
        self._space(4)
        self._room(3 * LINE)
        width = (self._form.column - GAP * (len(names) - 1)) / len(names)
        y = self._pages.get_y() + 2 * LINE
        self._pages.set_draw_color(INK)
        for number, name in enumerate(names):
            x = self._form.margin + number * (width + GAP)
            self._write(name.to(self._language), x, width, grey=FAINT, align="L")
            self._pages.line(x, y, x + width, y)
        self._space(2 * LINE + 2)

    def content(self) -> bytes:
        """Return the file."""
        return bytes(self._pages.output())

    def _squares(self, rows: Sequence[Sequence[int]], left: float, size: float) -> None:
        top = self._pages.get_y()
        self._pages.set_fill_color(0)
        for down, row in enumerate(rows):
            across = 0
            for dark, run in groupby(row):
                length = len(list(run))
                if dark:
                    x, y = left + across * size, top + down * size
                    self._pages.rect(x, y, length * size, size, style="F")
                across += length

    def _row(
        self,
        texts: Sequence[str],
        headings: Sequence[Heading],
        *,
        grey: int = INK,
        note: str = "",
    ) -> None:
        """Write texts beside each other, on one page if a page can hold them, and a note below."""
        room = self._form.column - GAP * (len(headings) - 1)
        whole = sum(heading.parts for heading in headings)
        widths = [room * heading.parts / whole for heading in headings]
        columns = [
            self._pages.wrapped(text, width, BODY)
            for text, width in zip(texts, widths, strict=True)
        ]
        explained = self._pages.wrapped(note, self._form.column, BODY) if note else []
        depth = max(len(column) for column in columns)
        self._room(
            min(LINE * (depth + len(explained)), self._form.bottom - self._form.margin - 4 * LINE)
        )
        for at in range(depth):
            self._room(LINE)
            x = float(self._form.margin)
            for heading, column, width in zip(headings, columns, widths, strict=True):
                if at < len(column):
                    align = "R" if heading.right else "L"
                    self._write(column[at], x, width, grey=grey, align=align)
                x += width + GAP
            self._space(LINE)
        self._lines(explained, grey=FAINT)

    def _text(self, text: str, *, size: int = BODY, grey: int = INK, align: str = "L") -> None:
        lines = self._pages.wrapped(text, self._form.column, size)
        self._lines(lines, size=size, grey=grey, align=align)

    def _lines(
        self, lines: Iterable[str], *, size: int = BODY, grey: int = INK, align: str = "L"
    ) -> None:
        step = LINE * size / BODY
        for line in lines:
            self._room(step)
            self._write(
                line, self._form.margin, self._form.column, size=size, grey=grey, align=align
            )
            self._space(step)

    def _write(
        self, text: str, x: float, width: float, *, size: int = BODY, grey: int, align: str
    ) -> None:
        y = self._pages.get_y()
        self._pages.set_font("noto", size=size)
        self._pages.set_text_color(grey)
        self._pages.set_xy(x, y)
        self._pages.cell(width, LINE * size / BODY, text, align=align)
        self._pages.set_xy(self._form.margin, y)

    def _rule(self, grey: int = RULE) -> None:
        y = self._pages.get_y() + 1
        self._pages.set_draw_color(grey)
        self._pages.line(self._form.margin, y, self._form.width - self._form.margin, y)
        self._space(2)

    def _space(self, millimetres: float) -> None:
        self._pages.set_y(self._pages.get_y() + millimetres)

    def _room(self, height: float) -> None:
        """Turn the page if less than this is left of it."""
        if self._pages.get_y() + height > self._form.bottom:
            self._pages.add_page()
            if self._running:
                self._text(self._running, grey=FAINT)
            self._on_new_page()


_PAIR = (Heading(Text("", ""), 2), Heading(Text("", ""), 3, right=True))
