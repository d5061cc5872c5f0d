"""Shared parts of the HTTP interfaces: validation of requests, pagination, error responses."""

from litestar import Request
from litestar.datastructures import State

AnyRequest = Request[object, object, State]
