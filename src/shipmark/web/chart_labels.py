"""Which labels of a chart's marks have place beside each other (pure)."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from shipmark.web.charts import Mark

#: Labels stand before their line from here on, in per cent, if there is place.
_FLIPS_AT = 70


def spread(marks: Sequence[Mark], width_of: Callable[[str], float]) -> list[Mark]:
    """Return the marks by place, without the labels that would cover those of marks that are given before them.

    Phones show the label of the first one only. ``width_of`` a label is in per cent.
    """
    taken = list[tuple[float, float]]()
    shown = list[Mark]()
    for mark in marks:
        place = _free_place(mark.x, width_of(mark.text), taken)
        if place is not None:
            taken.append(place)
        shown.append(
            replace(
                mark,
                text="" if place is None else mark.text,
                is_before=place is not None and place[0] < mark.x,
                is_minor=bool(shown),
            )
        )
    return sorted(shown, key=lambda mark: mark.x)


def _free_place(
    x: float, width: float, taken: Sequence[tuple[float, float]]
) -> tuple[float, float] | None:
    """Return the place after the line, else before it, at the end the other way round; None if both are taken."""
    places = [(x, x + width), (x - width, x)]
    for begin, end in reversed(places) if x > _FLIPS_AT else places:
        is_free = all(end <= left or right <= begin for left, right in taken)
        if is_free and begin >= 0 and end <= 100:
            return begin, end
    return None
