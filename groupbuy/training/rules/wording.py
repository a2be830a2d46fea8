"""Content in both languages, and in one."""

from collections.abc import Mapping
from typing import Any

from groupbuy.kernel.texts import Text

ZH, EN = "_zh", "_en"


def in_words(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return content with each pair `…_zh` and `…_en` as one Text under the name before it."""
    told = {
        name.removesuffix(ZH): Text(value, content[name.removesuffix(ZH) + EN])
        for name, value in content.items()
        if name.endswith(ZH)
    }
    return {**told, **{n: v for n, v in content.items() if not n.endswith((ZH, EN))}}
