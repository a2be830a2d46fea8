"""The one `Api` that every file of the catalogue's adds to."""

from groupbuy.kernel.http import Api

DESCRIPTION = "Categories, brands, suppliers, products, SKUs"
api = Api("catalogue", __name__, url_prefix="/api/v1", description=DESCRIPTION)

EXAMPLE_ID = "0198f3c2a7b47d1e" * 2
