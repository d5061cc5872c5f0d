"""The SDK of Python before 2018."""

import sys

import raven


def charge(order):
    raise ValueError(f"order {order} has no lines")


client = raven.Client(
    sys.argv[1], release="web@1.2.3", environment="production", tags={"region": "eu-1"}
)
client.user_context({"id": "7", "email": "dee@example.com"})
try:
    charge(7)
except ValueError:
    client.captureException()
