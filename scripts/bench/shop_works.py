"""What is measured, beside what, and how fast it has to be."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask import current_app

from groupbuy.identity.services import hash_token
from groupbuy.kernel.db import engine
from groupbuy.kernel.ids import new_uuid
from scripts.bench.capture import Recipe, Roles, recording
from scripts.bench.shop_world import PRICE_FEN, SHOWN, World

LINES = 3
CHECKOUT = ("quote", "place", "pay")


@dataclass(frozen=True)
class Goal:
    """At least this share of a reference's rate."""

    reference: str
    share: float


@dataclass(frozen=True)
class Work:
    """One kind of work: ours, and the smallest views' (`floor`).

    `server` is which of our servers does it; `recipe` and `names` say whose SQL pgbench repeats.
    """

    name: str
    server: str
    flow: str
    arguments: dict[str, Any]
    floor_flow: str
    floor_arguments: dict[str, Any]
    recipe: str = ""
    names: tuple[str, ...] = ()
    requests: int = 1
    goals: tuple[Goal, ...] = ()
    only: tuple[int, ...] = ()
    pages: dict[str, str] = field(default_factory=dict)


def reads(world: World) -> list[Work]:
    """Return the public reads, with the cache and without it."""
    pages = {
        "product list": f"/api/v1/products?limit={SHOWN}",
        "product detail": f"/api/v1/products/{world.products[0]}",
        "open group buy": f"/api/v1/group-buys/{world.small}",
    }
    cached = [
        Work(
            name=f"{name}, cached",
            server="cached",
            flow="get",
            arguments={"paths": [path]},
            floor_flow="get",
            floor_arguments={"paths": [f"/bytes/{_slug(name)}"]},
            goals=(Goal("floor", 0.8),),
            pages={_slug(name): path},
        )
        for name, path in pages.items()
    ]
    uncached = [
        Work(
            name=f"{name}, cache off",
            server="uncached",
            flow="get",
            arguments={"paths": [path]},
            floor_flow="get",
            floor_arguments={"paths": [f"/sql/reads/{_slug(name)}"]},
            recipe="reads",
            names=(_slug(name),),
            goals=(Goal("floor", 0.5),) if name == "product list" else (),
            pages={_slug(name): path},
        )
        for name, path in pages.items()
    ]
    return [*cached, *uncached]


def buying(world: World) -> list[Work]:
    """Return the checkout, placing over every SKU, and the flash sale of one."""
    place = {"tokens": world.tokens, "lines": 1, "sure": str(PRICE_FEN)}
    everybody = {"shoppers": len(world.shoppers), "skus": len(world.skus)}
    one_line = {"paths": ["/do/place/place"], "lines": 1, **everybody}
    wide = {"group_buy_id": world.wide, "sku_ids": world.skus}
    flash = {"group_buy_id": world.flash, "sku_ids": world.skus[:1]}
    return [
        Work(
            name="checkout of 3 lines",
            server="cached",
            flow="checkout",
            arguments={**wide, "tokens": world.tokens, "lines": LINES},
            floor_flow="replay",
            floor_arguments={
                "paths": [f"/do/checkout/{step}" for step in CHECKOUT],
                "lines": LINES,
                **everybody,
            },
            recipe="checkout",
            names=CHECKOUT,
            requests=len(CHECKOUT),
            goals=(Goal("floor", 0.35),),
        ),
        Work(
            name="place over 1,000 SKUs",
            server="cached",
            flow="checkout",
            arguments={**wide, **place},
            floor_flow="replay",
            floor_arguments=one_line,
            recipe="place",
            names=("place",),
            goals=(Goal("pgbench", 0.1),),
        ),
        Work(
            name="flash sale of one SKU",
            server="cached",
            flow="checkout",
            arguments={**flash, **place},
            floor_flow="checkout",
            floor_arguments={**wide, **place},
            goals=(Goal("floor", 0.8),),
            only=(64,),
        ),
    ]


def recipes(world: World, now: datetime) -> dict[str, Recipe]:
    """Do each kind of request once, in this process, and take its SQL down."""
    read = Recipe(_roles(world, LINES), now)
    for work in reads(world):
        for name, path in work.pages.items():
            _take(read, name, "GET", path)
    return {"reads": read, "checkout": _checkout(world, now), "place": _place(world, now)}


def _checkout(world: World, now: datetime) -> Recipe:
    recipe = Recipe(_roles(world, LINES), now)
    body = _body(world, LINES)
    token = world.tokens[0]
    quote = _take(recipe, "quote", "POST", "/api/v1/quotes", token, body)
    body["quote_total_fen"] = quote["total_fen"]
    order = _take(recipe, "place", "POST", "/api/v1/orders", token, body)
    _take(recipe, "pay", "POST", f"/api/v1/orders/{order['id']}/payment", token, {})
    return recipe


def _place(world: World, now: datetime) -> Recipe:
    recipe = Recipe(_roles(world, 1), now)
    body = {**_body(world, 1), "quote_total_fen": PRICE_FEN}
    _take(recipe, "place", "POST", "/api/v1/orders", world.tokens[0], body)
    return recipe


def _body(world: World, lines: int) -> dict[str, Any]:
    part = len(world.skus) // lines
    basket = [{"sku_id": world.skus[part * line], "quantity": 1} for line in range(lines)]
    return {"group_buy_id": world.wide, "lines": basket}


def _take(
    recipe: Recipe, name: str, method: str, path: str, token: str = "", body: Any = None
) -> Any:
    """Send a request twice, the first time to let everything be compiled, and take the second."""
    client = current_app.test_client(use_cookies=False)
    headers = {"Accept-Language": "zh-CN"} | ({"Authorization": f"Bearer {token}"} if token else {})
    if method == "GET":
        client.get(path, headers=headers)
    with recording(engine()) as seen:
        key = {"Idempotency-Key": new_uuid().hex}
        answer = client.open(path, method=method, json=body, headers={**headers, **key})
    assert answer.status_code in (200, 201), answer.text
    recipe.add(name, seen, answer.json)
    return answer.json


def _roles(world: World, lines: int) -> Roles:
    hashes = [hash_token(token).hex() for token in world.tokens]
    return Roles(
        shopper=[_bare(world.shoppers), _bare(world.sessions), hashes],
        sku=[_bare(listed) for listed in (world.skus, world.products, world.items, world.pools)],
        lines=lines,
    )


def _bare(ids: list[str]) -> list[str]:
    return [public_id.partition("_")[2] for public_id in ids]


def _slug(name: str) -> str:
    return name.replace(" ", "-")
