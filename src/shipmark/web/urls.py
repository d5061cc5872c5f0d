"""URLs of pages."""

from urllib.parse import quote, urlencode

HOME = "/"
SIGN_IN = "/sign-in/"
SINGLE_SIGN_ON = "/sign-in/oidc/"
SINGLE_SIGN_ON_CALLBACK = "/sign-in/oidc/callback/"
THEME = "/preferences/theme/"
TIME_ZONE = "/preferences/time-zone/"
SINGLE_KEYS = "/preferences/keys/"
KEYS = "/keys/"
DOCUMENTATION = "/api/docs/"
ACCOUNT = "/account/"
ACCOUNT_AVATAR = "/account/avatar/"
ACCOUNT_TOKENS = "/account/tokens/"
#: The path of the organization's settings, for handlers.
SETTINGS_PATH = "/organizations/{organization:str}/settings/"
#: The longest URL of our pages.
_LOCAL_MAX = 2000


def sign_in(after: str, *, is_unsaved: bool = False) -> str:
    """Return the URL of the sign-in page that continues at ``after``, with a note if a form was not stored."""
    parameters = {"next": "" if after == HOME else after, "unsaved": "1" if is_unsaved else ""}
    content = urlencode({name: value for name, value in parameters.items() if value})
    return f"{SIGN_IN}?{content}" if content else SIGN_IN


def single_sign_on(after: str) -> str:
    """Return the URL that leads to the OpenID provider, and from there to ``after``."""
    return f"{SINGLE_SIGN_ON}?{urlencode({'next': after})}"


def invitation_token(address: str) -> str | None:
    """Return the token in the URL of an invitation, or None for any other page."""
    token = address.removeprefix("/invitations/").removesuffix("/")
    return token if address == f"/invitations/{token}/" and "/" not in token else None


def documentation(subject: str) -> str:
    """Return the URL of the page of the API's documentation on a subject."""
    return f"{DOCUMENTATION}{subject}/"


def releases(organization: str, **parameters: object) -> str:
    """Return the URL of the list of releases; empty parameters are left out."""
    return _page(organization, "releases/", **parameters)


def bulk_releases(organization: str) -> str:
    """Return the URL of changes of several releases: below ``releases/`` it would be that of a version."""
    return _page(organization, "bulk-releases/")


def new_release(organization: str) -> str:
    """Return the URL of the form for a new release."""
    return _page(organization, "new-release/")


def live(organization: str, mark: str) -> str:
    """Return the URL of the stream of changes after the state with this mark."""
    return f"{_page(organization, 'live/')}?{urlencode({'after': mark})}"


def getting_started(organization: str, **parameters: object) -> str:
    """Return the URL of the guide to the first release; empty parameters are left out."""
    return _page(organization, "getting-started/", **parameters)


def timeline(organization: str, **parameters: object) -> str:
    """Return the URL of the timeline; empty parameters are left out."""
    return _page(organization, "timeline/", **parameters)


def delivery(organization: str, **parameters: object) -> str:
    """Return the URL of the metrics of delivery; empty parameters are left out."""
    return _page(organization, "delivery/", **parameters)


def release(organization: str, version: str) -> str:
    """Return the URL of a release. A version may contain any characters but slashes."""
    return _page(organization, f"releases/{quote(version, safe='')}/")


def comparison(organization: str, version: str, base: str = "") -> str:
    """Return the URL of the comparison of a release with another one, by default the previous one."""
    return _page(organization, f"releases/{quote(version, safe='')}/compare/", base=base)


def artifacts(organization: str, version: str) -> str:
    """Return the URL of a release's artifacts."""
    return f"{release(organization, version)}artifacts/"


def edit_release(organization: str, version: str) -> str:
    """Return the URL of the form that changes a release."""
    return f"{release(organization, version)}edit/"


def delete_release(organization: str, version: str) -> str:
    """Return the URL of the page that confirms the deletion of a release."""
    return f"{release(organization, version)}delete/"


def release_notes(organization: str, version: str) -> str:
    """Return the URL of a release's notes in Markdown."""
    return f"{release(organization, version)}notes.md"


def shared_issue(share_id: str) -> str:
    """Return the URL at which anyone sees a public issue."""
    return f"/share/issue/{share_id}/"


def issue(organization: str, issue_id: int | str, event: str = "", **parameters: object) -> str:
    """Return the URL of an issue by its short id, or by its id as in the API's permalinks, at one of its events.

    Empty parameters are left out.
    """
    path = f"issues/{quote(str(issue_id), safe='')}/"
    return _page(organization, path, event=event, **parameters)


def issue_events(organization: str, issue_id: int | str, **parameters: object) -> str:
    """Return the URL of the list of an issue's events; empty parameters are left out."""
    return _page(organization, f"issues/{quote(str(issue_id), safe='')}/events/", **parameters)


def event_json(organization: str, issue_id: int | str, event_id: str) -> str:
    """Return the URL of an event of an issue as JSON."""
    return f"{issue(organization, issue_id)}events/{event_id}/json/"


def resolve_issue(organization: str, issue_id: int | str) -> str:
    """Return the URL of the page that resolves an issue in a release or a commit that the user names."""
    return f"{issue(organization, issue_id)}resolve/"


def delete_issue(organization: str, issue_id: int | str) -> str:
    """Return the URL of the page that confirms the deletion of an issue."""
    return f"{issue(organization, issue_id)}delete/"


def discard_issue(organization: str, issue_id: int | str) -> str:
    """Return the URL of the page that confirms that an issue is deleted and its later events are discarded."""
    return f"{issue(organization, issue_id)}discard/"


def attachment(organization: str, issue_id: int | str, attachment_id: int) -> str:
    """Return the URL of an attachment of an event of an issue."""
    return f"{issue(organization, issue_id)}attachments/{attachment_id}/"


def issues(organization: str, **parameters: object) -> str:
    """Return the URL of the list of issues; empty parameters are left out."""
    return _page(organization, "issues/", **parameters)


def settings(organization: str, name: str, *more: object) -> str:
    """Return the URL of a page of the organization's settings, or of something on it."""
    return _page(organization, "/".join(["settings", name, *map(str, more), ""]))


def verdicts(organization: str) -> str:
    """Return the URL of the page that explains verdicts."""
    return _page(organization, "verdicts/")


def search(organization: str, query: str = "") -> str:
    """Return the URL of the search over everything."""
    return _page(organization, "search/", query=query)


def local_or(address: str, otherwise: str = HOME) -> str:
    """Return the address if it is a path on this server, else the other one."""
    return address if is_local(address) else otherwise


def is_local(address: str) -> bool:
    r"""Return True if every browser reads the address as a path on this server.

    Browsers read ``//host`` and ``/\host`` as other hosts, and strip tabs and line breaks before parsing.
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


def _page(organization: str, path: str, **parameters: object) -> str:
    """Return the URL of a page of an organization; empty parameters are left out."""
    content = urlencode({name: value for name, value in parameters.items() if value})
    address = f"/organizations/{quote(organization, safe='')}/{path}"
    return f"{address}?{content}" if content else address
