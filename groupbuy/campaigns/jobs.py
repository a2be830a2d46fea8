"""What campaigns does by the clock."""

from groupbuy.campaigns import queries, services
from groupbuy.kernel import clock
from groupbuy.kernel.db import transaction
from groupbuy.kernel.jobs import every, one_by_one


@every("* * * * * */5", "campaigns.advance")
def advance_campaigns() -> None:
    """Open and close campaigns whose instant has come, each in its own transaction."""
    now = clock.now()
    one_by_one(
        queries.due_campaign_ids(now=now),
        lambda campaign_id: services.advance_one(campaign_id=campaign_id, now=now),
    )


@every("17 * * * *", "campaigns.return_leftovers")
def return_leftovers() -> None:
    """Give the house what came back into ended campaigns' pools."""
    with transaction():
        services.return_leftovers(now=clock.now())
