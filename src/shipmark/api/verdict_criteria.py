"""The criteria of verdicts, as requests set them for a project and responses show them."""

from shipmark.api.responses import Wire
from shipmark.http.validation import RequestModel, optional
from shipmark.infrastructure.errors import ValidationFailed
from shipmark.projects.options import VERDICT_CRITERIA
from shipmark.verdicts.criteria import criteria_of, texts_of, to_option
from shipmark.verdicts.model import Criteria

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


def verdict_criteria_response(criteria: Criteria) -> VerdictCriteriaResponse:
    """Return criteria as texts."""
    return VerdictCriteriaResponse(**texts_of(criteria))
