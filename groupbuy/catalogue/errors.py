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


class CategoryTooDeep(Problem):
    """The tree would have more levels than `levels` there."""

    status = HTTPStatus.CONFLICT
    code = "category-too-deep"
    title = Text("分类层级过深", "The category tree would be too deep")
    detail = Text("分类最多 {levels} 级。", "Categories have at most {levels} levels.")


class SupplierNameTaken(Problem):
    """Another supplier has this name, in small or capital letters."""

    status = HTTPStatus.CONFLICT
    code = "supplier-name-taken"
    title = Text("已有同名供应商", "There is a supplier of this name")


class BrandNameTaken(Problem):
    """Another brand has this name, in small or capital letters."""

    status = HTTPStatus.CONFLICT
    code = "brand-name-taken"
    title = Text("已有同名品牌", "There is a brand of this name")


class BarcodeTaken(Problem):
    """Another SKU has this barcode."""

    status = HTTPStatus.CONFLICT
    code = "barcode-taken"
    title = Text("该条码已被使用", "This barcode is taken")


class SkuNotDistinct(Problem):
    """Another active SKU of the product has the same option values, or without any the same name.

    `sku_id` names it.
    """

    status = HTTPStatus.CONFLICT
    code = "sku-not-distinct"
    title = Text("规格重复", "The product has such a SKU already")
    detail = Text(
        "请改用不同的规格值，没有规格时请改用不同的名称。",
        "Choose other option values, or without options another name.",
    )


class OptionNamesDiffer(Problem):
    """The options are not those of the product's other active SKUs, which `names` lists."""

    status = HTTPStatus.CONFLICT
    code = "option-names-differ"
    title = Text("规格项与其他 SKU 不一致", "The options are not those of the product's other SKUs")
    detail = Text(
        "同一商品的 SKU 规格项须一致：{names}。",
        "All SKUs of a product have the same options: {names}.",
    )
