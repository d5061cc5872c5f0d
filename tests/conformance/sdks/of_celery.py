"""A task of Celery that fails in a worker."""

import sys

import sentry_sdk
from celery import Celery
from sentry_sdk.integrations.celery import CeleryIntegration

sentry_sdk.init(
    dsn=sys.argv[1],
    release="web@1.2.3",
    environment="production",
    integrations=[CeleryIntegration()],
)
app = Celery("shop", broker="memory://", backend="cache+memory://")
app.conf.task_always_eager = True


@app.task(name="shop.charge")
def charge(order):
    sentry_sdk.set_tag("region", "eu-1")
    sentry_sdk.set_user({"id": "7", "email": "dee@example.com"})
    raise ValueError(f"order {order} has no lines")


charge.apply_async((7,))
sentry_sdk.flush(10)
