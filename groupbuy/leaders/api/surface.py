"""What the endpoints of leaders are registered on."""

from groupbuy.kernel.http import Api

DESCRIPTION = "Applications, leaders, communities, pickup points"
api = Api("leaders", __name__, url_prefix="/api/v1", description=DESCRIPTION)
