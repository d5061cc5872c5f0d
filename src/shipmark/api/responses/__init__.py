"""One module for each JSON object of the protocol, with a function that makes it from our model."""

import msgspec


class Wire(msgspec.Struct, rename="camel"):
    """What all JSON objects share: names in camel case. Moments are UTC, with six digits or none."""
