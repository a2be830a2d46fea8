"""Quarters `YYYY-Qn` of the business calendar."""

import re

from groupbuy.kernel.problems import NotFound


def months_of_quarter(quarter: str) -> tuple[str, str]:
    """Return the first and the last month of a quarter.

    Raises:
        NotFound: it is not a quarter such as 2026-Q1.
    """
    found = re.fullmatch(r"((?:19|20)[0-9]{2})-Q([1-4])", quarter)
    if found is None:
        raise NotFound
    year, number = found.group(1), int(found.group(2))
    return f"{year}-{3 * number - 2:02}", f"{year}-{3 * number:02}"
