"""Which page has which address?"""

from urllib.parse import quote, urlencode

HOME = "/"
SIGN_IN = "/sign-in/"

#: A longer one is none of ours.
_LOCAL_MAX = 2000


def sign_in(after: str) -> str:
    """The sign-in page that leads on to ``after``."""
    return SIGN_IN if after == HOME else f"{SIGN_IN}?{urlencode({'next': after})}"


def releases(organization: str, **parameters: object) -> str:
    """The list of releases; parameters that say nothing are left out."""
    content = urlencode({name: value for name, value in parameters.items() if value})
    path = f"/organizations/{quote(organization, safe='')}/releases/"
    return f"{path}?{content}" if content else path


def release(organization: str, version: str) -> str:
    """The page of a release. A version may hold anything but slashes."""
    return f"/organizations/{quote(organization, safe='')}/releases/{quote(version, safe='')}/"


def comparison(organization: str, version: str, base: str = "") -> str:
    """The page that compares a release with another one, or else with the one before it."""
    content = f"?{urlencode({'base': base})}" if base else ""
    return f"{release(organization, version)}compare/{content}"


def artifacts(organization: str, version: str) -> str:
    """The page of what was uploaded for a release."""
    return f"{release(organization, version)}artifacts/"


def issue(organization: str, issue_id: int) -> str:
    """The page of an issue: the permalink that the API gives."""
    return f"/organizations/{quote(organization, safe='')}/issues/{issue_id}/"


def is_local(address: str) -> bool:
    r"""Is that a path on this server, whatever a browser makes of it?

    Browsers read ``//host`` and ``/\host`` as other hosts, and leave out tabs and line breaks before they look.
    """
    return (
        len(address) <= _LOCAL_MAX
        and address.startswith("/")
        and not address.startswith("//")
        and "\\" not in address
        and address.isascii()
        and address.isprintable()
        and " " not in address
    )
