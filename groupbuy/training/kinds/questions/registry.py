"""The kinds there are. A new one is its file, one line here, and its test."""

from groupbuy.training.kinds.questions import multiple, numeric, ordering, single, true_false
from groupbuy.training.kinds.questions.interface import Kind

KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        single.KIND,
        multiple.KIND,
        true_false.KIND,
        ordering.KIND,
        numeric.KIND,
    )
}
