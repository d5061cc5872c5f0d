"""The format of organization tokens (auth-and-errors.md 1.2).

``sntrys_`` + base64 of a JSON object + ``_`` + base64 of 32 random bytes without padding. Clients read the organization
and the address of the server from it; the server only looks up its digest.
"""

import base64
import json
from datetime import datetime

PREFIX = "sntrys_"


def encode_token(organization_slug: str, address: str, secret: bytes, at: datetime) -> str:
    """Return the text of a token; ``secret`` is 32 random bytes, ``address`` the URL of this server for clients."""
    assert len(secret) == 32
    payload = {
        "iat": at.timestamp(),
        "url": address,
        "region_url": address,
        "org": organization_slug,
    }
    head = base64.b64encode(json.dumps(payload).encode()).decode()
    tail = base64.b64encode(secret).decode().rstrip("=")
    return f"{PREFIX}{head}_{tail}"
