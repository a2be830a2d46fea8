"""Each invariant of fulfilment finds what breaks it."""

from typing import Any

import pytest
from sqlalchemy import text

from groupbuy.fulfilment.queries import INVARIANTS
from groupbuy.kernel.books import check
from groupbuy.kernel.db import session
from tests.fulfilment.test_packing import bought
from tests.journeys.headquarters import Shop, made

BROKEN = {
    "fulfilment.parcel_follows_order": "update parcels set state = 'in_transit'",
    "fulfilment.order_is_in_one_parcel": (
        "update parcel_orders set removed_at = now(), removed_by = 'zed'"
    ),
    "fulfilment.parcel_is_one_shoppers": (
        "update parcels set shopper_id = (select id from shoppers where name = 'Zed')"
    ),
    "fulfilment.open_parcel_holds_something": (
        "update parcel_orders set parcel_id = (select min(id::text)::uuid from parcels)"
    ),
    "fulfilment.handed_over_once": "update parcels set state = 'handed_over'",
    "fulfilment.codes_apart": (
        "update pickup_proxies x set code = p.code from parcels p where p.id = x.parcel_id"
    ),
    "fulfilment.proxies_end_with_the_parcel": "update parcels set state = 'returned'",
    "fulfilment.unclaimed_follows_parcel": "update parcels set state = 'disposed'",
    "fulfilment.shortages_within_shipment": (
        "insert into shipment_shortages select gen_random_uuid(), s.id, k.id, -1, '', now(), 'zed' "
        "from shipments s, skus k limit 1"
    ),
    "fulfilment.purchased_goods_are_movements": (
        "insert into purchase_receipts select gen_random_uuid(), o.id, k.id, 1, m.id, '', now(), "
        "'zed' from purchase_orders o, skus k, stock_movements m limit 1"
    ),
}


@pytest.fixture(autouse=True)
def _keeps_its_promises() -> None:
    """Here they are broken on purpose."""


@pytest.fixture
def story(shop: Shop, mei: dict[str, str]) -> dict[str, Any]:
    """Two parcels that nobody fetched, a proxy for one of them, and an order to a supplier."""
    shop.api.shopper("zed")
    orders = [bought(shop, name, mei["point"], {"Eggs": 1}) for name in ("bo", "lan")]
    shop.deliver(mei["point"])
    path = f"/orders/{orders[0]}/pickup-proxies"
    made(shop.api.shopper("bo").post(path, {"name": "王阿姨"}))
    shop.wait(days=3)
    lines = [{"sku_id": shop.skus["Eggs"], "quantity": 1}]
    return made(shop.hua.post("/hq/purchase-orders", {"lines": lines}))


def broken() -> set[str]:
    return {finding.invariant.name for finding in check(INVARIANTS) if finding.faults}


def test_it_breaks_every_one_of_them() -> None:
    assert {invariant.name for invariant in INVARIANTS} == set(BROKEN)


@pytest.mark.parametrize("name", BROKEN)
def test_it_finds_what_breaks_it(story: dict[str, Any], name: str) -> None:
    assert broken() == set()
    session().execute(text(BROKEN[name]))
    assert name in broken()
