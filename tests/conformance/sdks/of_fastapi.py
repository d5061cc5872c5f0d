"""An endpoint of FastAPI that fails for a request."""

import sys

import sentry_sdk
from fastapi import FastAPI
from fastapi.testclient import TestClient

sentry_sdk.init(dsn=sys.argv[1], release="web@1.2.3", environment="production")
app = FastAPI()


def charge(order: int) -> None:
    raise ValueError(f"order {order} has no lines")


@app.post("/checkout/{order}")
def checkout(order: int) -> None:
    sentry_sdk.set_tag("region", "eu-1")
    sentry_sdk.set_user({"id": "7", "email": "dee@example.com"})
    charge(order)


client = TestClient(app, "https://shop.example.com", raise_server_exceptions=False)
assert client.post("/checkout/7", headers={"User-Agent": "Firefox/140.0"}).status_code == 500
sentry_sdk.flush(10)
