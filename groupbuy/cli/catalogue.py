"""`flask catalogue reindex`: write anew what the search and the list of goods read."""

from rich.console import Console
from rich.progress import Progress

from groupbuy.catalogue import queries, services
from groupbuy.catalogue.services import Portion
from groupbuy.kernel.db import transaction


def reindex_all(console: Console) -> tuple[int, int]:
    """Go through all products with a bar; return how many there are and how many had changed."""
    products = changed = 0
    with transaction():
        services.refresh_names()
        total = queries.product_count()
    with Progress(console=console) as progress:
        bar = progress.add_task("products", total=total)
        portion = _next(None)
        while portion.products:
            products, changed = products + portion.products, changed + portion.changed
            progress.advance(bar, portion.products)
            portion = _next(portion.last)
    return products, changed


def _next(after: str | None) -> Portion:
    with transaction():
        return services.refresh_next(after=after)
