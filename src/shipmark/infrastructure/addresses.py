"""Network addresses as programs write them."""


def without_port(text: str) -> str:
    """Return an IP address, or what may be one, without blanks, brackets and a port: ``[::1]:80``, ``192.0.2.7:80``."""
    text = text.strip()
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0] if text.count(":") == 1 else text
