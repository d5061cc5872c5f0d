"""The fields of the form that sets how the releases of a project are judged."""

from collections.abc import Mapping, Sequence

from shipmark.infrastructure.errors import ValidationFailed
from shipmark.verdicts.criteria import LETTERS, LIMITS, criteria_of
from shipmark.verdicts.model import Criteria, Measure

#: The measures with their names.
MEASURES: Sequence[tuple[Measure, str]] = (
    (Measure.SESSIONS, "Crash-free sessions"),
    (Measure.USERS, "Crash-free users"),
    (Measure.NEW_ISSUES, "New issues"),
)
_NO_MEASURE = "Select one or more."


def criteria_in(sent: Mapping[str, str]) -> Criteria:
    """Return the criteria that a form sets; what is empty has its default. Raise `ValidationFailed`."""
    letters = [letter for letter, measure in LETTERS.items() if sent.get(measure)]
    if not letters:
        raise ValidationFailed({"measure": [_NO_MEASURE]})
    texts = {name: sent.get(name, "").strip() for name in LIMITS}
    return criteria_of(texts | {"measure": ",".join(letters)}, Criteria())
