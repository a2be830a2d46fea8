"""Training against sales: which moment is looked at, and what the numbers do not say, pure."""

from enum import StrEnum

from groupbuy.kernel.sheets import Column, Kind
from groupbuy.kernel.texts import Text


class Since(StrEnum):
    """What is compared before and after: beginning a program, completing it, a certificate."""

    ENROLLED = "enrolled"
    COMPLETED = "completed"
    CERTIFIED = "certified"


CAUTION = Text(
    "数字只说明前后发生了什么，不能证明是培训或辅导带来的：季节、促销、本来就更积极的人都会影响结果。",
    "These numbers tell what came before and after. They do not prove that training or coaching "
    "caused it: the season, promotions, and who chose to learn play their part.",
)
"""Said wherever sales are shown before and after."""

MOST_MONTHS = 24
"""How many months of beginning are looked at together at most."""

NAME = Text("培训与销售", "training-and-sales")

COLUMNS = (
    Column("program", Text("学习计划", "Program")),
    Column("month", Text("月份", "Month"), Kind.MONTH),
    Column("size", Text("人数", "Leaders"), Kind.INT),
    Column("compared", Text("可比较人数", "Compared"), Kind.INT),
    Column("before_fen", Text("之前月均净销售额（元）", "Average before (yuan)"), Kind.FEN),
    Column("after_fen", Text("之后月均净销售额（元）", "Average after (yuan)"), Kind.FEN),
    Column("before_median_fen", Text("之前中位数（元）", "Median before (yuan)"), Kind.FEN),
    Column("after_median_fen", Text("之后中位数（元）", "Median after (yuan)"), Kind.FEN),
    Column("months", Text("有数据的月数", "Months with data"), Kind.INT),
    Column("months_left_out", Text("无数据的月数", "Months without data"), Kind.INT),
)
"""Training against sales as a sheet; a row without a month is all of a program together."""


def months_between(first: str, last: str) -> int:
    """Return how many months after one month `YYYY-MM` another one comes."""
    (year, month), (later_year, later_month) = (
        (int(text[:4]), int(text[5:])) for text in (first, last)
    )
    return (later_year - year) * 12 + later_month - month
