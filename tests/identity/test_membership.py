"""Members: until when, set by headquarters."""

from tests.client import Api
from tests.journeys.headquarters import made

WHY = {"reason": "annual card 42"}


def test_it_makes_a_member_until_an_instant_and_ends_it(api: Api) -> None:
    bo, hua = api.shopper("bo"), api.staff("operator")
    path = f"/hq/shoppers/{bo.id}/membership"
    assert made(hua.get(path), 200)["member_until"] is None
    until = "2027-03-02T00:00:00+00:00"
    assert made(hua.put(path, {"member_until": until, **WHY}), 200)["member_until"] == until
    assert made(bo.get("/me"), 200)["member_until"] == until
    assert made(hua.put(path, {"member_until": None, **WHY}), 200)["member_until"] is None
    log = made(api.staff("auditor").get("/hq/audit-log", subject=bo.id), 200)["items"]
    assert [entry["facts"]["member_until"] for entry in log] == [None, until]


def test_it_is_for_operators(api: Api) -> None:
    bo = api.shopper("bo")
    path = f"/hq/shoppers/{bo.id}/membership"
    body = {"member_until": None, **WHY}
    assert api.anonymous.put(path, body).status_code == 401
    assert bo.put(path, body).status_code == 403
    assert api.staff("finance").get(path).status_code == 200
    assert api.staff("finance").put(path, body).status_code == 403
    hua = api.staff("operator")
    assert hua.put(f"/hq/shoppers/shp_{'0' * 32}/membership", body).status_code == 404
    assert hua.put(path, {"member_until": "tomorrow", **WHY}).status_code == 422
