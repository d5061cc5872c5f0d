"""Bodies and query parameters of keys (auth-and-errors.md 8.7)."""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

from shipmark.api.project_keys.responses import SDK_VERSIONS
from shipmark.api.queries import PageQuery, one_of
from shipmark.api.rate_limits import OptionalRateLimit
from shipmark.http.validation import (
    Omittable,
    OmittableBoolean,
    RequestModel,
    Text,
    choice_of,
    optional,
    require,
)
from shipmark.infrastructure.ids import hex32
from shipmark.organizations import slugs
from shipmark.projects.model import Project, ProjectKey

_LABEL_MAX = 64


_IS_HALF = require(re.compile(r"[a-f0-9]{32}").fullmatch, slugs.NO_MATCH)
_Half = Omittable[Annotated[str, Text(max_length=32), _IS_HALF]]
_SdkVersion = Annotated[str, choice_of(SDK_VERSIONS)]


class KeyListQuery(PageQuery):
    """A page of the keys of a project."""

    status: Annotated[str | None, one_of("active", "inactive", "")] = optional(
        "Only keys with this status.", example="active"
    )


class _KeyFields(RequestModel):
    name: Annotated[str, Text(max_length=_LABEL_MAX, blank=True)] | None = optional(
        "Name of the key."
    )
    rate_limit: OptionalRateLimit = optional(
        "Most events with the key that are accepted in a window; null for no limit."
    )

    def limit(self) -> tuple[int, int] | None:
        """Return the count and the window of the rate limit, or None for no limit."""
        limit = self.rate_limit
        return (limit.count, limit.window) if limit and limit.is_limit else None


class KeyRequest(_KeyFields):
    """A new key of a project."""

    public: _Half = optional("Public half of the key; by default random.")
    secret: _Half = optional("Secret half of the key; by default random.")

    def to_input(self, project: Project, now: datetime) -> ProjectKey:
        """Return the key for the domain."""
        public = self.public or hex32()
        return ProjectKey(
            project_id=project.id,
            public_key=public,
            secret_key=self.secret or hex32(),
            label=self.name or f"Key {public[:6]}",
            is_active=True,
            created_at=now,
            rate_limit=self.limit(),
        )


class LoaderOptionsRequest(RequestModel):
    """The parts of the browser SDK to load."""

    has_replay: OmittableBoolean = optional("Whether to load session replay.")
    has_performance: OmittableBoolean = optional("Whether to load tracing.")
    has_debug: OmittableBoolean = optional("Whether to load the build for debugging.")


class KeyUpdateRequest(_KeyFields):
    """Changes of a key."""

    is_active: OmittableBoolean = optional("Whether SDKs may send events with the key.")
    browser_sdk_version: Omittable[_SdkVersion] = optional("Version of the browser SDK to load.")
    dynamic_sdk_loader_options: Omittable[LoaderOptionsRequest] = optional(
        "Parts of the browser SDK to load."
    )

    def to_values(self, key: ProjectKey) -> Mapping[str, object]:
        """Return the columns to change."""
        values: dict[str, object] = {}
        if self.name:
            values["label"] = self.name
        if self.is_active is not None:
            values["is_active"] = self.is_active
        if "rate_limit" in self.model_fields_set:
            count, window = self.limit() or (None, None)
            values |= {"rate_limit_count": count, "rate_limit_window": window}
        details = dict(key.details)
        if self.browser_sdk_version is not None:
            details["browserSdkVersion"] = self.browser_sdk_version
        if self.dynamic_sdk_loader_options is not None:
            details["dynamicSdkLoaderOptions"] = self.dynamic_sdk_loader_options.sent()
        return values if details == key.details else values | {"details": json.dumps(details)}
