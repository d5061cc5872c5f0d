"""A web application whose requests the SDK counts as sessions: three succeed, one fails, one handles an error."""

import sys
from contextlib import suppress
from wsgiref.util import setup_testing_defaults

import sentry_sdk
from sentry_sdk.integrations.wsgi import SentryWsgiMiddleware

sentry_sdk.init(
    dsn=sys.argv[1], release="web@1.2.3", environment="production", auto_session_tracking=True
)


def application(environ, start_response):
    if environ["PATH_INFO"] == "/fails/":
        raise ValueError("order 7 has no lines")
    if environ["PATH_INFO"] == "/handles/":
        sentry_sdk.capture_exception(KeyError("sku"))
    start_response("200 OK", [])
    return [b"ok"]


for path in ("/", "/", "/", "/fails/", "/handles/"):
    environ = {"PATH_INFO": path}
    setup_testing_defaults(environ)
    with suppress(ValueError):
        list(SentryWsgiMiddleware(application)(environ, lambda *_: None))
sentry_sdk.flush(10)
