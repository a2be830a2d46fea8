"""What other domains ask of the catalogue, and what staff's edits leave behind."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from groupbuy.catalogue import queries, services
from groupbuy.catalogue.errors import CategoryCycle
from groupbuy.catalogue.queries import SkuFacts
from groupbuy.catalogue.rules import ProductState
from groupbuy.kernel.access import SYSTEM
from groupbuy.kernel.audit import AuditEntry
from groupbuy.kernel.clock import ManualClock, now
from groupbuy.kernel.db import session
from groupbuy.kernel.ids import new_id
from tests.factories import catalogue as make

pytestmark = pytest.mark.usefixtures("app")


class TestSkusForSale:
    """queries.skus_for_sale"""

    def test_it_tells_the_facts_with_the_categories_nearest_first(self) -> None:
        food = make.category("Food")
        fruit = make.category("Fruit", parent=food)
        berries = make.category("Berries", parent=fruit)
        supplier = make.supplier()
        product = make.product(
            "Strawberries", within=berries, storage="chilled", supplier_id=supplier.id
        )
        sku = make.sku(
            product,
            name="500 g",
            price_fen=1990,
            member_price_fen=1790,
            weight_g=520,
            min_quantity=2,
            per_shopper_max=3,
        )
        assert queries.skus_for_sale([sku.id], now=now()) == {
            sku.id: SkuFacts(
                id=sku.id,
                product_id=product.id,
                title="Strawberries 500 g",
                price_fen=1990,
                member_price_fen=1790,
                weight_g=520,
                min_quantity=2,
                per_shopper_max=3,
                storage="chilled",
                supplier_id=supplier.id,
                sellable=True,
                category_ids=(berries.id, fruit.id, food.id),
            )
        }

    def test_it_leaves_unknown_ids_out(self) -> None:
        sku = make.sku()
        assert set(queries.skus_for_sale([sku.id, new_id("sku")], now=now())) == {sku.id}
        assert queries.skus_for_sale([], now=now()) == {}

    def test_it_sells_only_an_active_sku_of_a_product_on_sale(self) -> None:
        active = make.sku()
        inactive = make.sku(active=False)
        others = [make.sku(make.product(state=s)) for s in ProductState if s != "on_sale"]
        facts = queries.skus_for_sale([sku.id for sku in (active, inactive, *others)], now=now())
        assert [fact.id for fact in facts.values() if fact.sellable] == [active.id]
        assert len(facts) == 5

    def test_it_takes_one_statement_however_many(self, count_statements: Callable[[], Any]) -> None:
        root = make.category()
        skus = [make.sku(make.product(within=make.category(parent=root))) for _ in range(5)]
        with count_statements() as statements:
            facts = queries.skus_for_sale([sku.id for sku in skus], now=now())
        assert len(statements) == 1
        assert len({fact.category_ids[0] for fact in facts.values()}) == 5
        assert {fact.category_ids[1:] for fact in facts.values()} == {(root.id,)}


class TestAvailability:
    """services.record_availability"""

    def test_it_notes_what_inventory_says_and_leaves_the_version_alone(self) -> None:
        one, other = make.sku(), make.sku()
        services.record_availability(in_stock={one.id: True})
        services.record_availability(in_stock={one.id: False, other.id: True})
        session().expire_all()
        assert (one.in_stock, other.in_stock) == (False, True)
        assert (one.version, other.version) == (1, 1)

    def test_it_does_nothing_where_nothing_changed(
        self, count_statements: Callable[[], Any]
    ) -> None:
        with count_statements() as statements:
            services.record_availability(in_stock={})
        assert statements == []


class TestTree:
    """services.edit_category"""

    def test_it_refuses_a_circle_over_several_generations(self, clock: ManualClock) -> None:
        top = make.category("Food")
        middle = make.category("Fruit", parent=top)
        bottom = make.category("Berries", parent=middle)
        for parent in (top, middle, bottom):
            with pytest.raises(CategoryCycle):
                services.edit_category(
                    category_id=top.id,
                    if_match=1,
                    actor=SYSTEM,
                    now=clock.now(),
                    parent_id=parent.id,
                )


class TestAudit:
    """Every edit leaves who, when and what."""

    def test_it_records_an_edit_with_the_new_values(self, clock: ManualClock) -> None:
        sku = make.sku(price_fen=1990)
        services.edit_sku(sku_id=sku.id, if_match=1, actor=SYSTEM, now=clock.now(), price_fen=1790)
        session().flush()
        entries = session().scalars(
            select(AuditEntry).where(AuditEntry.subject == sku.id).order_by(AuditEntry.id)
        )
        assert [(e.action, e.actor_id, e.facts) for e in entries] == [
            ("sku.create", "system", {"price_fen": 1990}),
            ("sku.edit", "system", {"changes": {"price_fen": 1790}}),
        ]
