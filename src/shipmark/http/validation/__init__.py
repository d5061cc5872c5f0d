"""Validation of requests by pydantic models, in the exact words of the protocol (releases.md 2.3.1).

::

    class DeployRequest(RequestModel):
        environment: Annotated[str, Text(max_length=64), Field(description="…")]
        url: Annotated[str, Url()] | None = None
        date_started: Annotated[datetime, DateTime(unix_texts=True, unix_numbers=True)] | None = None
        projects: Omittable[Annotated[list[TrimmedText], Items(empty=False)]] = None

    body = validate(DeployRequest, value)
"""

from shipmark.http.validation.errors import refuse
from shipmark.http.validation.json_schema import schema_of
from shipmark.http.validation.models import (
    RequestModel,
    optional,
    repeatable,
    validate,
    validate_query,
)
from shipmark.http.validation.numbers import Boolean, Decimal, Flag, Integer
from shipmark.http.validation.scalars import Choice, DateTime, OnlyNull, Text, Url, choice_of
from shipmark.http.validation.types import (
    ITEMS_MAX,
    BlankIsAbsent,
    ErrorMessage,
    Items,
    ListOf,
    Omittable,
    OmittableBoolean,
    OptionalText,
    ReadAs,
    TrimmedText,
    require,
)
from shipmark.http.validation.urls import is_url
