"""The school over HTTP."""

from groupbuy.training.api.certificates import api as certificates
from groupbuy.training.api.certifications import api as certifications
from groupbuy.training.api.verification import api as verification
from groupbuy.training.api.verification import pages as verification_pages

__all__ = ["certificates", "certifications", "verification", "verification_pages"]
