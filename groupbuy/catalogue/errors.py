"""Problems of the catalogue."""

from http import HTTPStatus

from groupbuy.kernel.problems import Problem
from groupbuy.kernel.texts import Text


class CategoryNotEmpty(Problem):
    """The category still has products or categories below it."""

    status = HTTPStatus.CONFLICT
    code = "category-not-empty"
    title = Text("分类不为空", "The category is not empty")
    detail = Text(
        "请先移走该分类下的商品和子分类。",
        "Move its products and the categories below it elsewhere first.",
    )


class CategoryCycle(Problem):
    """The new parent is the category itself or one of its descendants."""

    status = HTTPStatus.CONFLICT
    code = "category-cycle"
    title = Text("分类不能移到自身之下", "A category cannot be below itself")


class BarcodeTaken(Problem):
    """Another SKU has this barcode."""

    status = HTTPStatus.CONFLICT
    code = "barcode-taken"
    title = Text("该条码已被使用", "This barcode is taken")
