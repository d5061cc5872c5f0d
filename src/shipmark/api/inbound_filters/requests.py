"""The body that turns a filter on or off."""

from shipmark.events.inbound_filters import LEGACY_BROWSERS
from shipmark.http.validation import ListOf, Omittable, OmittableBoolean, RequestModel, TrimmedText
from shipmark.http.validation import optional as optional_field
from shipmark.infrastructure.errors import ValidationFailed

LEGACY = "legacy-browsers"


class FilterRequest(RequestModel):
    """The state of a filter; of old browsers a list."""

    active: OmittableBoolean = optional_field("Whether the filter is on.", example=True)
    subfilters: Omittable[ListOf[TrimmedText]] = optional_field(
        "Old browsers whose events are dropped, for `legacy-browsers` alone.", example=["ie"]
    )

    def value_of(self, name: str) -> object:
        """Return the value to store for a filter. Raise `ValidationFailed` without one, or for an unknown browser."""
        sent = self.sent()
        if name == LEGACY and "subfilters" in sent:
            chosen = [str(browser) for browser in sent["subfilters"]]
            if unknown := [browser for browser in chosen if browser not in LEGACY_BROWSERS]:
                raise ValidationFailed({"subfilters": [f'"{unknown[0]}" is not a valid choice.']})
            return sorted(set(chosen))
        if "active" not in sent:
            raise ValidationFailed({"active": ["This field is required."]})
        is_active = bool(sent["active"])
        return (list(LEGACY_BROWSERS) if is_active else []) if name == LEGACY else is_active
