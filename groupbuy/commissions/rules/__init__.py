"""Commission, pure: the terms of a sale, the calculation of a month, the checks of a plan.

Every formula is that of docs/domain.md, "Commission".
"""
