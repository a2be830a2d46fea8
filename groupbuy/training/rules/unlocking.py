"""What opens a lesson: its prerequisites, its course's, and the order of an ordered course."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

Need = tuple[str, str]
"""A course or lesson, and the course or lesson that it needs: their ids."""


@dataclass(frozen=True, slots=True)
class Place:
    """A lesson in its course, and what a leader has done of it.

    `asks`: it is taught and wants something done; a lesson that does not never keeps another shut.
    """

    lesson_id: str
    course_id: str
    mandatory: bool = True
    asks: bool = True
    satisfied: bool = False

    @property
    def done(self) -> bool:
        """Tell whether nothing waits for it."""
        return self.satisfied or not self.asks


def missing(
    places: Sequence[Place], needs: Iterable[Need], *, ordered: Collection[str] = ()
) -> dict[str, list[str]]:
    """Return for each lesson the courses and lessons that are still to be done before it.

    A course is done when all its mandatory lessons are. In an `ordered` course a lesson waits for
    the mandatory ones before it; the first that is not done stands for them.

    Args:
        places: a program's lessons, in the order in which they stand.
        needs: its prerequisites.
        ordered: the courses whose lessons are taken one after another.
    """
    undone = {place.lesson_id for place in places if not place.done}
    undone |= {place.course_id for place in places if place.mandatory and not place.done}
    wanting = defaultdict(list)
    for owner, needed in needs:
        if needed in undone:
            wanting[owner].append(needed)
    waits: dict[str, list[str]] = {}
    first: dict[str, str] = {}
    for place in places:
        found = [*wanting[place.course_id], *wanting[place.lesson_id]]
        if place.course_id in ordered and place.course_id in first:
            found.append(first[place.course_id])
        waits[place.lesson_id] = list(dict.fromkeys(found))
        if place.mandatory and not place.done:
            first.setdefault(place.course_id, place.lesson_id)
    return waits


def circle(
    places: Iterable[Place], needs: Iterable[Need], *, ordered: Collection[str] = ()
) -> list[str]:
    """Return courses and lessons that wait for each other, the first one again at the end.

    Empty if there are none. Optional and retired lessons count as any other, so that whether a
    lesson is mandatory or taught can be changed without looking again.
    """
    graph: defaultdict[str, set[str]] = defaultdict(set)
    for before, after in _waiting(places, needs, ordered):
        graph[after].add(before)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        met = [node.removesuffix(_GATE) for node in reversed(error.args[1])]
        return [node for i, node in enumerate(met) if i == 0 or met[i - 1] != node]
    return []


_GATE = "/"
"""Marks the beginning of a course, which is another thing than its end."""


def _waiting(
    places: Iterable[Place], needs: Iterable[Need], ordered: Collection[str]
) -> Iterator[tuple[str, str]]:
    """Yield what must come before what."""
    courses = set()
    last: dict[str, str] = {}
    for place in places:
        courses.add(place.course_id)
        yield place.course_id + _GATE, place.lesson_id
        yield place.lesson_id, place.course_id
        if place.course_id in ordered and place.course_id in last:
            yield last[place.course_id], place.lesson_id
        last[place.course_id] = place.lesson_id
    for owner, needed in needs:
        yield needed, owner
        yield needed, owner + _GATE
