"""The SQL of a request, repeated by the benchmark: for others, with new ids, in two ways."""

from datetime import UTC, datetime
from random import Random
from uuid import UUID

import pytest
from psycopg.types.json import Jsonb

from scripts.bench.capture import Recipe, Roles, lookup_tables, pgbench_script
from scripts.bench.load import picks

SINCE = datetime(2026, 3, 2, tzinfo=UTC)
ORDER = UUID(int=(int(SINCE.timestamp() * 1000) + 5 << 80) | 7 << 76 | 2 << 62 | 99)
OLD = UUID(int=(int(SINCE.timestamp() * 1000) - 5 << 80) | 7 << 76 | 2 << 62 | 99)
SHOPPERS = [f"{n:032x}" for n in (1, 2)]
SKUS = [f"{n:032x}" for n in (11, 12, 13, 14)]
INSERT = "insert into t values (%(id)s::UUID, %(who)s::UUID, %(what)s::UUID[], %(note)s, '100%%')"
ROW = {
    "id": ORDER,
    "who": UUID(SHOPPERS[0]),
    "what": [UUID(SKUS[0]), UUID(SKUS[2])],
    "note": Jsonb({"of": f"ord_{ORDER.hex}", "old": f"ord_{OLD.hex}"}),
}


@pytest.fixture
def recipe() -> Recipe:
    recipe = Recipe(Roles(shopper=[SHOPPERS], sku=[SKUS], lines=2), SINCE)
    begun = [("select 1", {}, False), None, (INSERT, ROW, False), None, None]
    recipe.add("place", begun, {})
    return recipe


def test_it_keeps_transactions_apart(recipe: Recipe) -> None:
    assert [[s.sql for s in t] for t in recipe.requests["place"]] == [["select 1"], [INSERT]]


def test_it_repeats_a_request_for_others_with_new_ids(recipe: Recipe) -> None:
    swap = recipe.swap(nonce=6, shopper=1, skus=[1, 3])
    (row,) = recipe.requests["place"][1][0].filled(swap)
    fresh = UUID(int=ORDER.int ^ 6)
    assert row["id"] == fresh
    assert row["who"] == UUID(SHOPPERS[1])
    assert row["what"] == [UUID(SKUS[1]), UUID(SKUS[3])]
    assert row["note"] == f'{{"of": "ord_{fresh.hex}", "old": "ord_{OLD.hex}"}}'


def test_it_writes_what_pgbench_understands(recipe: Recipe) -> None:
    script = pgbench_script(recipe, ["place"])
    assert script.splitlines()[4:] == [
        "begin;",
        "select 1;",
        "commit;",
        "begin;",
        f"insert into t values ((md5(:n::text || '{ORDER.hex}'))::uuid::UUID, "
        "(:p0::text)::uuid::UUID, array[(:s0_0::text)::uuid, (:s1_0::text)::uuid]::UUID[], "
        f"(E'{{\"of\"\\x3a \"ord_' || md5(:n::text || '{ORDER.hex}') || "
        f'E\'", "old"\\x3a "ord_{OLD.hex}"}}\'), \'100%\');',
        "commit;",
    ]
    assert "from bench_people p, bench_skus s0, bench_skus s1" in script
    assert lookup_tables(recipe.roles).count("create table") == 2


def test_it_picks_lines_in_order_and_never_one_twice() -> None:
    chance = Random(1)
    for _ in range(50):
        chosen = picks(chance, 3, 10)
        assert chosen == sorted(set(chosen))
        assert len(chosen) == 3
        assert all(0 <= number < 10 for number in chosen)
