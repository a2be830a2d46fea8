"""Files of rows as they are told over real connections, not inside a test's own transaction."""

import pytest

from tests.client import Api
from tests.journeys.headquarters import Shop, made
from tests.pricing.shop import batch

pytestmark = pytest.mark.committed


@pytest.mark.parametrize("kind", ["products", "prices", "stock"])
def test_it_exports_each_kind_of_sheet(api: Api, kind: str) -> None:
    shop = Shop(api)
    shop.stock("Eggs", price_fen=1000, units=50)
    file = shop.hua.get("/hq/exports", kind=kind, format="csv")
    assert (file.status_code, "Eggs" in file.text) == (200, True), file.text


def test_it_lists_codes_and_differences_as_files(api: Api) -> None:
    hua = Shop(api).hua
    codes = f"/hq/coupon-batches/{batch(hua)['id']}/codes"
    made(hua.post(codes, {"count": 3}))
    for caller, path in (
        (hua, f"{codes}/file"),
        (api.staff("finance"), "/hq/payment-differences/file"),
    ):
        file = caller.get(path)
        assert file.status_code == 200, (path, file.text)
