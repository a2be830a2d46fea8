"""A statement as a paper: every figure, how each came about, and by which plan."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from groupbuy.commissions.rules.wording import yuan
from groupbuy.kernel.papers import Heading, Line, Paper
from groupbuy.kernel.texts import Text
from groupbuy.settlement.rules.figures import ENDS, FIGURES

SHOWN = 200
"""So many sales, and so many of each other kind of row, are on the paper; a file has them all."""

TITLE = Text("佣金结算单 {month}", "Commission statement {month}")

_WHAT = Heading(Text("项目", "What"), 5)
_KIND = Heading(Text("计佣方式", "Earned by"), 4)
_GOODS = Heading(Text("商品", "Goods"), 4)
_BASE = Heading(Text("计佣金额", "Base"), 3, right=True)
_AMOUNT = Heading(Text("金额", "Amount"), 3, right=True)
_COMMISSION = Heading(Text("佣金", "Commission"), 3, right=True)

EXTRAS = Text("奖励、费用与调账", "Bonuses, fees, adjustments")
EARLIER = Text("订单的后续更正", "Corrections of orders")


@dataclass(frozen=True, slots=True)
class PaperRow:
    """A row of a table: what it is about, what it came to, and how."""

    what: str
    amount_fen: int
    how: Text
    base_fen: int | None = None


@dataclass(frozen=True, slots=True)
class PaperPart:
    """Some of the rows of one kind, and how many there are in all."""

    rows: Sequence[PaperRow]
    count: int


@dataclass(frozen=True, slots=True)
class SalesOfKind:
    """What the sales that earned in one way came to."""

    kind: Text
    count: int
    base_fen: int
    amount_fen: int


@dataclass(frozen=True, slots=True)
class StatementContent:
    """All that a paper says: `known` are names with values, `plan` sentences."""

    month: str
    created: datetime
    known: Sequence[tuple[Text, str]]
    figures: Mapping[str, int]
    kinds: Sequence[SalesOfKind]
    sales: PaperPart
    components: PaperPart
    corrections: PaperPart
    plan: Sequence[Text]
    digest: str


def statement_paper(content: StatementContent, language: str) -> bytes:
    """Return a statement as a PDF file; the same content gives the same bytes."""
    paper = Paper(TITLE.format(month=content.month), language, created=content.created)
    paper.pairs(content.known)
    paper.note(Text(f"SHA-256 摘要：{content.digest}", f"SHA-256 of its content: {content.digest}"))
    paper.heading(Text("金额", "Figures"))
    paper.pairs(_figures(content.figures))
    _part(paper, EXTRAS, content.components, language)
    _part(paper, EARLIER, content.corrections, language)
    _kinds(paper, content.kinds, language)
    _sales(paper, content.sales, language)
    paper.heading(Text("计算方式", "How it was calculated"))
    for sentence in content.plan:
        paper.note(sentence)
    return paper.content()


def _figures(figures: Mapping[str, int]) -> Iterable[tuple[Text, str]]:
    """Yield the figures in their order, those that are nothing left out."""
    for name, title in FIGURES.items():
        if figures[name] or name in ENDS:
            yield title, yuan(figures[name])


def _part(paper: Paper, title: Text, part: PaperPart, language: str) -> None:
    if not part.count:
        return
    paper.heading(title)
    lines = (
        Line((row.what, yuan(row.amount_fen)), note=_unbroken(row.how.to(language)))
        for row in part.rows
    )
    paper.table((_WHAT, _AMOUNT), lines)
    _rest(paper, part)


def _kinds(paper: Paper, kinds: Sequence[SalesOfKind], language: str) -> None:
    if not kinds:
        return
    paper.heading(Text("销售汇总", "Sales in sum"))
    lines = [
        Line((f"{of.kind.to(language)} × {of.count}", yuan(of.base_fen), yuan(of.amount_fen)))
        for of in kinds
    ]
    total = (
        Text("合计", "Total").to(language),
        yuan(sum(of.base_fen for of in kinds)),
        yuan(sum(of.amount_fen for of in kinds)),
    )
    paper.table((_KIND, _BASE, _COMMISSION), lines, total=total)


def _sales(paper: Paper, sales: PaperPart, language: str) -> None:
    if not sales.count:
        return
    paper.heading(Text("销售明细", "Sales"))
    lines = (
        Line(
            (row.what, yuan(row.base_fen or 0), yuan(row.amount_fen)),
            note=_unbroken(row.how.to(language)),
        )
        for row in sales.rows
    )
    paper.table((_GOODS, _BASE, _COMMISSION), lines)
    _rest(paper, sales)


def _unbroken(text: str) -> str:
    """Keep a rate with its sign and a factor with its cross, wherever the line breaks."""
    return text.replace(" %", "\u00a0%").replace("× ", "×\u00a0")


def _rest(paper: Paper, part: PaperPart) -> None:
    """Say where the rows are that are not shown."""
    if part.count > len(part.rows):
        shown = {"shown": len(part.rows), "count": part.count}
        paper.note(
            Text(
                "共 {count} 行，此处列出前 {shown} 行；全部明细请下载 CSV 或 XLSX 文件。",
                "These are the first {shown} of {count}; the CSV or XLSX file has them all.",
            ).format(**shown)
        )
