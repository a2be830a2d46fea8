"""What headquarters asks of hosts beyond a campaign's own requirement."""

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from groupbuy.campaigns.models import HostingRequirement
from groupbuy.catalogue import queries as catalogue
from groupbuy.kernel import audit
from groupbuy.kernel.access import Actor
from groupbuy.kernel.db import session
from groupbuy.kernel.problems import NotFound
from groupbuy.leaders.queries import qualifications


def require(
    *, code: str, category_id: str | None, actor: Actor, now: datetime
) -> HostingRequirement:
    """Ask hosts for a qualification; a second time changes nothing.

    Args:
        code: the qualification.
        category_id: only of those who host campaigns with its goods; None: of all.
        actor, now: who asks for it, and when.

    Raises:
        UnknownQualification: nothing leads to it.
        NotFound: there is no such category.
    """
    qualifications.demand_known(code)
    if category_id is not None:
        catalogue.category(category_id)
    asking = insert(HostingRequirement).values(
        code=code, category_id=category_id, created_by=actor.label, created_at=now
    )
    session().execute(asking.on_conflict_do_nothing(index_elements=["category_id", "code"]))
    query = select(HostingRequirement).where(
        HostingRequirement.code == code,
        HostingRequirement.category_id.is_not_distinct_from(category_id),
    )
    row = session().scalars(query).one()
    _note("require", row, actor, now)
    return row


def drop_requirement(*, requirement_id: str, actor: Actor, now: datetime) -> None:
    """Ask for it no longer.

    Raises:
        NotFound: there is no such requirement.
    """
    dropping = delete(HostingRequirement).where(HostingRequirement.id == requirement_id)
    dropped = session().scalars(dropping.returning(HostingRequirement)).one_or_none()
    if dropped is None:
        raise NotFound
    _note("drop", dropped, actor, now)


def _note(action: str, row: HostingRequirement, actor: Actor, now: datetime) -> None:
    audit.record(
        actor=actor,
        action=f"hosting_requirement.{action}",
        subject=row.id,
        now=now,
        code=row.code,
        category=row.category_id,
    )
