"""A program without a framework, with the current SDK of Python or that of years ago, which ends with an error."""

import sys

import sentry_sdk


def charge(order: int) -> None:
    raise ValueError(f"order {order} has no lines")


sentry_sdk.init(dsn=sys.argv[1], release="web@1.2.3", environment="production")
with sentry_sdk.configure_scope() as scope:
    scope.set_tag("region", "eu-1")
    scope.user = {"id": "7", "email": "dee@example.com"}
    charge(7)
