"""The criteria of verdicts, as requests set them for a project and responses show them."""

from typing import Annotated

from msgspec import convert

from shipmark.api.responses import Wire
from shipmark.http.validation import RequestModel, Text, optional
from shipmark.infrastructure.errors import ValidationFailed
from shipmark.projects.options import VERDICT_CRITERIA
from shipmark.verdicts.criteria import LIMITS, criteria_of, texts_of, to_option
from shipmark.verdicts.model import Criteria

#: Numbers are texts here as everything else of a verdict's criteria; a number of JSON passes too.
_Number = Annotated[str, Text(max_length=20)]
#: The description of measures, a text in bodies and repeatable in queries.
MEASURES = "What is measured: `S` crash-free sessions, `U` crash-free users, `N` new issues."


class CriteriaLimits(RequestModel):
    """The limits of a verdict, in bodies and queries."""

    margin: str | None = optional(
        "Regressed only beyond this: a share of the base's rate, at least so many percentage points.",
        example="20%,0.1pp",
    )
    tolerance: str | None = optional(
        "Healthy only within this: a share of the base's rate, at least so many percentage points.",
        example="50%,0.3pp",
    )
    soak: str | None = optional("How old a release must be to be healthy.", example="10m")
    ripe: str | None = optional(
        "How old sessions must be to count towards healthy: one that runs has not crashed yet.",
        example="10m",
    )
    alpha: _Number | None = optional(
        "For each measure, the chance of ever calling regressed what is within the margin.",
        example="0.01",
    )
    beta: _Number | None = optional(
        "For each measure, the chance of ever calling healthy what is beyond the tolerance.",
        example="0.05",
    )
    least_base: _Number | None = optional(
        "A base with fewer sessions, or users by the hour, is none.", example="200"
    )
    least_bad: _Number | None = optional(
        "With fewer that are bad, a release is never regressed.", example="3"
    )

    @property
    def texts(self) -> dict[str, str]:
        """Return the limits that are given, by their names."""
        return {name: text for name, text in self.sent().items() if name in LIMITS and text}


class VerdictCriteriaRequest(CriteriaLimits):
    """How much worse than its base a release may be, and what is measured; null for the default of each."""

    measure: str | None = optional(MEASURES, example="S,U,N")

    def to_option(self) -> dict[str, str] | None:
        """Return the criteria as they are stored, None for the default. Raise `ValidationFailed`."""
        try:
            return to_option(criteria_of(self.sent(), Criteria()))
        except ValidationFailed as refusal:
            raise ValidationFailed({VERDICT_CRITERIA: refusal.fields}) from None


class VerdictCriteriaResponse(Wire):
    """How much worse than its base a release may be, and what is measured."""

    margin: str
    tolerance: str
    measure: str
    soak: str
    ripe: str
    alpha: str
    beta: str
    least_base: str
    least_bad: str


def verdict_criteria_response(criteria: Criteria) -> VerdictCriteriaResponse:
    """Return criteria as texts."""
    return convert(texts_of(criteria), VerdictCriteriaResponse)
