"""What campaigns does by the clock."""

from groupbuy.campaigns import queries, services
from groupbuy.kernel import clock
from groupbuy.kernel.db import transaction
from groupbuy.kernel.jobs import every


@every("*/5 * * * * *", "campaigns.advance")
def advance_campaigns() -> None:
    """Open and close campaigns whose instant has come, each in its own transaction."""
    for campaign_id in queries.due_campaign_ids(now=clock.now()):
        with transaction():
            services.advance_one(campaign_id=campaign_id, now=clock.now())


@every("17 * * * *", "campaigns.return_leftovers")
def return_leftovers() -> None:
    """Give the house what came back into ended campaigns' pools."""
    with transaction():
        services.return_leftovers(now=clock.now())
