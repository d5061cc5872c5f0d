"""A server that signs users in with an OpenID provider, and the first step of that in a browser."""

from typing import Any

SECRET = "a secret: with %"


def settings(issuer: str, **more: Any) -> dict[str, Any]:
    return {
        "oidc_issuer": issuer,
        "oidc_client_id": "shipmark",
        "oidc_client_secret": SECRET,
        "oidc_name": "Acme ID",
    } | more


def begin(browser, after="/"):
    """Ask to sign in; return the address at the provider."""
    answer = browser.get("/sign-in/oidc/", params={"next": after})
    assert answer.status_code == 303
    return answer.headers["location"]
