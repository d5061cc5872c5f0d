"""A view of Django that fails for a request."""

import sys
from wsgiref.util import setup_testing_defaults

import sentry_sdk
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.urls import path

sentry_sdk.init(
    dsn=sys.argv[1], release="web@1.2.3", environment="production", send_default_pii=True
)
settings.configure(
    ROOT_URLCONF=__name__, ALLOWED_HOSTS=["shop.example.com"], SECRET_KEY="not-a-secret"
)


def charge(order):
    raise ValueError(f"order {order} has no lines")


def checkout(request, order):
    sentry_sdk.set_tag("region", "eu-1")
    sentry_sdk.set_user({"id": "7", "email": "dee@example.com"})
    charge(order)


urlpatterns = [path("checkout/<int:order>/", checkout)]
environ = {
    "REQUEST_METHOD": "POST",
    "PATH_INFO": "/checkout/7/",
    "QUERY_STRING": "card=4242424242424242&step=2",
    "HTTP_HOST": "shop.example.com",
    "HTTP_USER_AGENT": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
}
setup_testing_defaults(environ)
statuses = []
get_wsgi_application()(environ, lambda status, headers: statuses.append(status))
assert statuses == ["500 Internal Server Error"]
sentry_sdk.flush(10)
