"""Query parameters and body of the verdict on a release."""

from typing import Annotated

from pydantic import Field

from shipmark.api.queries import ProjectQuery
from shipmark.api.verdict_criteria import MEASURES, CriteriaLimits
from shipmark.http.validation import RequestModel, choice_of, optional, repeatable
from shipmark.http.validation.errors import REQUIRED
from shipmark.infrastructure.errors import ValidationFailed
from shipmark.verdicts.criteria import criteria_of
from shipmark.verdicts.judgement import VerdictStatus
from shipmark.verdicts.model import Criteria

_MARKS = "Choose healthy, regressed, or null."


class EnvironmentOfVerdictQuery(ProjectQuery):
    """The environment of a verdict, and the projects, each of which has its own."""

    environment: str | None = optional("The environment. Required.", example="production")

    @property
    def required_environment(self) -> str:
        """Return the environment. Raise `ValidationFailed` without one."""
        if not self.environment:
            raise ValidationFailed({"environment": [REQUIRED]})
        return self.environment


class VerdictQuery(CriteriaLimits, EnvironmentOfVerdictQuery):
    """The verdict to return, and criteria other than the project's, by which the stored one is made."""

    base: str | None = optional(
        "A version to compare with, by its last week before the release.", example="web@1.0.0"
    )
    measure: list[str] = repeatable(MEASURES, example="S,U,N")

    @property
    def is_default(self) -> bool:
        """Return True if the query asks for the verdict that is stored."""
        return not (self.base or self.measure or self.texts)

    def criteria(self, default: Criteria) -> Criteria:
        """Return the default's criteria with those of the query.

        Raise `ValidationFailed` with the first parameter that can't be read.
        """
        return criteria_of(self.texts | {"measure": ",".join(self.measure)}, default)


class MarkRequest(RequestModel):
    """What a person says of a release, whatever was measured."""

    marked: Annotated[VerdictStatus, choice_of(VerdictStatus)] | None = Field(
        description="`healthy` or `regressed`; null takes a mark back."
    )

    def status(self) -> VerdictStatus | None:
        """Return the mark. Raise `ValidationFailed` for `undecided`, which says nothing."""
        if self.marked == VerdictStatus.UNDECIDED:
            raise ValidationFailed({"marked": [_MARKS]})
        return self.marked
