"""A task that fails while others go on."""

import asyncio
import sys

import sentry_sdk
from sentry_sdk.integrations.asyncio import AsyncioIntegration


async def charge(order: int) -> None:
    await asyncio.sleep(0)
    raise ValueError(f"order {order} has no lines")


async def run() -> None:
    sentry_sdk.init(
        dsn=sys.argv[1],
        release="web@1.2.3",
        environment="production",
        integrations=[AsyncioIntegration()],
    )
    sentry_sdk.set_tag("region", "eu-1")
    sentry_sdk.set_user({"id": "7", "email": "dee@example.com"})
    await asyncio.gather(asyncio.create_task(charge(7)), return_exceptions=True)


asyncio.run(run())
sentry_sdk.flush(10)
