"""How a token of an organization is written (auth-and-errors.md 1.2). Clients take it apart."""

import base64
import json
import re
from datetime import UTC, datetime

from hypothesis import given as given_any
from hypothesis import strategies as st

from shipmark.organizations.tokens import encode_token

AT = datetime(2026, 1, 5, 9, tzinfo=UTC)


@given_any(st.binary(min_size=32, max_size=32), st.from_regex(r"[a-z0-9-]{1,50}", fullmatch=True))
def test_a_token_has_exactly_three_parts(secret: bytes, slug: str) -> None:
    parts = encode_token(slug, "https://ship.example.com", secret, AT).split("_")
    assert len(parts) == 3
    prefix, payload, tail = parts
    assert prefix == "sntrys"
    assert json.loads(base64.b64decode(payload)) == {
        "iat": AT.timestamp(),
        "url": "https://ship.example.com",
        "region_url": "https://ship.example.com",
        "org": slug,
    }
    assert re.fullmatch(r"[A-Za-z0-9+/]{43}", tail)
    assert base64.b64decode(tail + "=") == secret
