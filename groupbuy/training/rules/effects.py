"""Training against sales: which moment is looked at, and what the numbers do not say, pure."""

from enum import StrEnum

from groupbuy.kernel.texts import Text


class Since(StrEnum):
    """What is compared before and after: beginning a program, or completing it."""

    ENROLLED = "enrolled"
    COMPLETED = "completed"


CAUTION = Text(
    "数字只说明前后发生了什么，不能证明是培训或辅导带来的：季节、促销、本来就更积极的人都会影响结果。",
    "These numbers tell what came before and after. They do not prove that training or coaching "
    "caused it: the season, promotions, and who chose to learn play their part.",
)
"""Said wherever sales are shown before and after."""
