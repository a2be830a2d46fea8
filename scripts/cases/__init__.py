"""Adapters from worked cases (`given` → `expect`) to the functions that do the work.

One module per topic, each with `OPERATIONS`: the name of an operation → a function that takes what
is given as keyword arguments and returns whatever can be expected. A case that gives something
the function does not know is not covered.
"""

import inspect
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, TypeVar

Result = TypeVar("Result")
Operation: TypeAlias = Callable[..., Mapping[str, Any]]


class NotCovered(Exception):
    """The case asks for something that this system does not do, or not yet."""


def call(function: Callable[..., Result], given: Mapping[str, Any], *before: Any) -> Result:
    """Call a function with what a case gives.

    Raises:
        NotCovered: it gives something that the function does not know.
    """
    try:
        inspect.signature(function).bind(*before, **given)
    except TypeError as error:
        raise NotCovered(f"{function.__name__.lstrip('_')}: {error}") from error
    return function(*before, **given)
