"""Planning campaigns: drafts, what may still be changed later, and their schedule."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from marshmallow import ValidationError
from sqlalchemy import delete
from sqlalchemy.orm.attributes import flag_modified

from groupbuy.campaigns import queries
from groupbuy.campaigns.errors import CampaignNotReady, FieldsFixed
from groupbuy.campaigns.kinds.registry import KINDS
from groupbuy.campaigns.models import Campaign, CampaignItem
from groupbuy.campaigns.rules import (
    CHANGEABLE_LATER,
    ON_OFFER,
    CampaignState,
    UnclaimedRule,
    check_ladder,
    check_times,
)
from groupbuy.campaigns.services.closing import return_unsold
from groupbuy.campaigns.services.moving import locked, move
from groupbuy.catalogue import queries as catalogue
from groupbuy.inventory import services as inventory
from groupbuy.inventory.services import Allotment
from groupbuy.kernel import audit
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import session
from groupbuy.kernel.errors import pointers
from groupbuy.kernel.problems import InvalidInput, NotInThisState, StaleVersion
from groupbuy.kernel.texts import Text
from groupbuy.leaders.queries import qualifications


def create(
    *,
    kind: str,
    title: str,
    description: str = "",
    terms: Mapping[str, Any] | None = None,
    opens_at: datetime,
    closes_at: datetime,
    pickup_from: datetime | None = None,
    pickup_until: datetime | None = None,
    one_parcel: bool = False,
    unclaimed_rule: str = UnclaimedRule.KEEP,
    keep_days: int = 7,
    required_qualification: str | None = None,
    items: Sequence[Mapping[str, Any]] = (),
    actor: Actor,
    now: datetime,
) -> Campaign:
    """Draft a campaign.

    Args:
        terms: what its kind asks for.
        required_qualification: the code of what its hosts must be qualified in.
        items: `sku_id`, `price_fen`, `allotment` (units), and if need be `limit_per_shopper`,
            `ladder` and `earns_commission`.

    Raises:
        InvalidInput: the times are in the wrong order, an item names a SKU that does not exist
            or that another item names too, a ladder does not descend, there is no such kind, or
            the terms are not its.
        UnknownQualification: nothing leads to what its hosts must be qualified in.
    """
    if kind not in KINDS:
        raise InvalidInput.at("/kind", Text("没有这种活动。", "There is no such kind."))
    _check_qualification(required_qualification)
    campaign = Campaign(
        kind=kind,
        title=title,
        description=description,
        terms=_checked_terms(kind, terms or {}),
        opens_at=opens_at,
        closes_at=closes_at,
        pickup_from=pickup_from,
        pickup_until=pickup_until,
        one_parcel=one_parcel,
        unclaimed_rule=unclaimed_rule,
        keep_days=keep_days,
        required_qualification=required_qualification,
    )
    check_times(campaign.opens_at, campaign.closes_at, campaign.pickup_from, campaign.pickup_until)
    session().add(campaign)
    session().flush()
    _replace_items(campaign.id, items)
    audit.record(actor=actor, action="campaign.create", subject=campaign.id, now=now, kind=kind)
    return campaign


def edit(
    *, campaign_id: str, if_match: int, actor: Actor, now: datetime, **changes: Any
) -> Campaign:
    """Change a draft; `items`, when given, replaces the whole list.

    Of a campaign that is announced or open its words, the pickup window and a later closing.

    Raises:
        StaleVersion: it changed since it was read.
        NotInThisState: it has closed.
        FieldsFixed: they can be changed in a draft only.
        InvalidInput, UnknownQualification: as for `create`, or it would close earlier.
        CampaignNotReady: what is announced would no longer fit its kind.
    """
    campaign = locked(campaign_id)
    if campaign.version != if_match:
        raise StaleVersion
    if campaign.state != CampaignState.DRAFT:
        _refuse_late(campaign, changes, now)
    _check_qualification(changes.get("required_qualification"))
    changed = sorted(changes)
    items = changes.pop("items", None)
    if {"kind", "terms"} & changes.keys():
        kind = changes.get("kind", campaign.kind)
        kept = campaign.terms if kind == campaign.kind else {}
        changes["terms"] = _checked_terms(kind, changes.get("terms", kept))
    for field, value in changes.items():
        setattr(campaign, field, value)
    check_times(campaign.opens_at, campaign.closes_at, campaign.pickup_from, campaign.pickup_until)
    if campaign.state != CampaignState.DRAFT:
        KINDS[campaign.kind].validate(campaign, queries.items_of(campaign.id))
    flag_modified(campaign, "title")  # items alone make a new version too
    session().flush()
    if items is not None:
        _replace_items(campaign.id, items)
    audit.record(actor=actor, action="campaign.edit", subject=campaign.id, now=now, changed=changed)
    return campaign


def schedule(*, campaign_id: str, actor: Actor, now: datetime) -> Campaign:
    """Announce a draft, and take its items' stock from the house.

    Raises:
        NotInThisState: it is not a draft.
        CampaignNotReady: no items, it would open in the past, or a SKU is not for sale.
        NotEnoughStock: the house has less of a SKU than its allotment.
    """
    campaign = locked(campaign_id)
    move(campaign=campaign, action="schedule", actor=actor, now=now)
    items = queries.items_of(campaign.id)
    _check_ready(campaign, items, now)
    allotments = [Allotment(item.sku_id, item.id, item.allotment) for item in items]
    pools = inventory.allot_all(allotments=allotments, actor=actor, now=now)
    for item in items:
        item.pool_id = pools[item.id]
    kind = KINDS[campaign.kind]
    campaign.counted = kind.waits or any(item.ladder for item in items)
    campaign.scheduled_at = now
    session().flush()
    return campaign


def unschedule(*, campaign_id: str, if_match: int, actor: Actor, now: datetime) -> Campaign:
    """Turn a campaign that has not opened back into a draft, and give its stock back.

    Its group buys wait with it: they take orders once it is scheduled again and opens.

    Raises:
        StaleVersion: it changed since it was read.
        NotInThisState: it is not scheduled, or its opening has come.
    """
    campaign = locked(campaign_id)
    if campaign.version != if_match:
        raise StaleVersion
    if campaign.state_at(now) != campaign.state:
        raise NotInThisState(state=campaign.state_at(now), action="unschedule")
    move(campaign=campaign, action="unschedule", actor=actor, now=now)
    return_unsold(campaign_id=campaign.id, actor=actor, now=now)
    for item in queries.items_of(campaign.id):
        item.pool_id = None
    campaign.scheduled_at = None
    session().flush()
    return campaign


def _refuse_late(campaign: Campaign, changes: Mapping[str, Any], now: datetime) -> None:
    """Refuse changes that would break what was announced to shoppers."""
    state = campaign.state_at(now)
    if state not in ON_OFFER or campaign.extended_until is not None:
        raise NotInThisState(state=state, action="edit")
    if fixed := sorted(changes.keys() - CHANGEABLE_LATER):
        raise FieldsFixed(fields=fixed)
    if changes.get("closes_at", campaign.closes_at) < campaign.closes_at:
        raise InvalidInput.at(
            "/closes_at",
            Text("已公布的活动只能延后结束。", "Once announced, it can only close later."),
        )


def _check_qualification(code: str | None) -> None:
    if code is not None:
        qualifications.demand_known(code)


def _checked_terms(kind: str, terms: Mapping[str, Any]) -> dict[str, Any]:
    try:
        loaded: dict[str, Any] = KINDS[kind].terms().load(dict(terms))
    except ValidationError as error:
        messages = {"json": {"terms": error.messages}}
        raise InvalidInput(errors=pointers({"messages": messages})) from error
    return loaded


def _check_ready(campaign: Campaign, items: Sequence[CampaignItem], now: datetime) -> None:
    facts = catalogue.skus_for_sale([item.sku_id for item in items], now=campaign.opens_at)
    unsellable = [item.sku_id for item in items if not facts[item.sku_id].sellable]
    faults = [
        name
        for name, fault in (
            ("no_items", not items),
            ("opens_in_the_past", campaign.opens_at <= now),
            ("not_for_sale", bool(unsellable)),
        )
        if fault
    ]
    if faults:
        raise CampaignNotReady(faults=faults, sku_ids=unsellable)
    KINDS[campaign.kind].validate(campaign, items)


def _replace_items(campaign_id: str, items: Sequence[Mapping[str, Any]]) -> None:
    known = catalogue.sku_titles([item["sku_id"] for item in items])
    seen: set[str] = set()
    for number, item in enumerate(items):
        if item["sku_id"] not in known or item["sku_id"] in seen:
            raise InvalidInput.at(
                f"/items/{number}/sku_id",
                Text("没有这个 SKU，或重复了。", "There is no such SKU, or it comes twice."),
            )
        seen.add(item["sku_id"])
        if fault := check_ladder(item.get("ladder", []), price_fen=item["price_fen"]):
            raise InvalidInput.at(f"/items/{number}/ladder", fault)
    session().execute(delete(CampaignItem).where(CampaignItem.campaign_id == campaign_id))
    session().add_all(CampaignItem(campaign_id=campaign_id, **item) for item in items)
    session().flush()
