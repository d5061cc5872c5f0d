"""``projects/{organization}/{project}/filters/``: filters that drop events of a project."""

from typing import Annotated

from sqlalchemy import Connection

from shipmark.api.projects.path_project import PathProject, reload_project
from shipmark.api.responses import Wire
from shipmark.events.inbound_filters import LEGACY_BROWSERS
from shipmark.http import endpoint
from shipmark.http.endpoint import Load
from shipmark.http.request_context import RequestContext
from shipmark.http.scopes import PROJECT_READ, PROJECT_WRITE
from shipmark.http.validation import ListOf, Omittable, OmittableBoolean, RequestModel, TrimmedText
from shipmark.http.validation import optional as optional_field
from shipmark.http.validation.errors import REQUIRED
from shipmark.infrastructure.errors import NotFound, ValidationFailed
from shipmark.projects import options, settings, store
from shipmark.projects.settings import ProjectUpdate

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
            raise ValidationFailed({"active": [REQUIRED]})
        is_active = bool(sent["active"])
        return (list(LEGACY_BROWSERS) if is_active else []) if name == LEGACY else is_active


FILTERS = ("browser-extensions", LEGACY, "localhost", "web-crawlers")
_FILTERS = "/projects/{organization:str}/{project:str}/filters/"


def _known_filter(context: RequestContext, connection: Connection, filter_id: str) -> str:  # noqa: ARG001  # of all loads
    if filter_id not in FILTERS:
        raise NotFound
    return filter_id


#: The filter of the path.
FilterName = Annotated[str, Load(_known_filter)]


class FilterResponse(Wire):
    """A filter. ``active`` is a boolean; of old browsers a list of those whose events are dropped."""

    id: str
    active: bool | list[str]


@endpoint.get(_FILTERS, scopes=PROJECT_READ)
def list_filters(context: RequestContext, project: PathProject) -> list[FilterResponse]:
    """List the filters that can be on or off. Those with lists are ``options`` of the project."""
    with context.database.autocommit_read() as connection:
        stored = store.options_of(connection, project.id)
    values = options.values(stored)
    return [
        FilterResponse(
            id=name,
            active=options.lines(stored, name) if name == LEGACY else values[name] is True,
        )
        for name in FILTERS
    ]


@endpoint.put(f"{_FILTERS}{{filter_id:str}}/", scopes=PROJECT_WRITE, status_code=204)
def update_filter(
    context: RequestContext, project: PathProject, name: FilterName, body: FilterRequest
) -> None:
    """Turn a filter on or off."""
    update = ProjectUpdate(options={name: body.value_of(name)})
    with context.database.transaction() as connection:
        current = reload_project(context, connection, project)
        settings.update(connection, context.action_context(), current, update)
