"""The kinds there are. A new one is its file, one line here, and its test."""

from groupbuy.imports.kinds import prices, products, stock
from groupbuy.imports.kinds.interface import Kind

KINDS: dict[str, Kind] = {
    "products": products,
    "prices": prices,
    "stock": stock,
}
