"""Settlement over HTTP: a file and an `Api` for each resource."""

from groupbuy.settlement.api.adjustments import api as adjustments
from groupbuy.settlement.api.answers import api as answers
from groupbuy.settlement.api.disputes import api as disputes
from groupbuy.settlement.api.papers import api as papers
from groupbuy.settlement.api.periods import api as periods

__all__ = ["adjustments", "answers", "disputes", "papers", "periods"]
