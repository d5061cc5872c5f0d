"""Every page: its name, and its address on a server that `servers.fill` has filled."""

ACME = "/organizations/acme"
RELEASE = f"{ACME}/releases/web%402.0.0"
PAGES = {
    "sign-in": "/sign-in/",
    "releases": f"{ACME}/releases/",
    "releases-no-match": f"{ACME}/releases/?query=nothing-like-it",
    "releases-unreadable-search": f"{ACME}/releases/?query=release.version%3A%3E",
    "new-release": f"{ACME}/new-release/",
    "release": f"{RELEASE}/",
    "release-edit": f"{RELEASE}/edit/",
    "release-delete": f"{RELEASE}/delete/",
    "release-artifacts": f"{RELEASE}/artifacts/",
    "compare": f"{RELEASE}/compare/",
    "timeline": f"{ACME}/timeline/",
    "issues": f"{ACME}/issues/",
    "issue": f"{ACME}/issues/WEB-1/",
    "search": f"{ACME}/search/?query=web",
    "settings-members": f"{ACME}/settings/members/",
    "settings-projects": f"{ACME}/settings/projects/",
    "settings-tokens": f"{ACME}/settings/tokens/",
    "settings-audit-log": f"{ACME}/settings/audit-log/",
    "account": "/account/",
    "not-found": f"{ACME}/releases/nothing/",
    "api-reference": "/api/docs/",
    "api-reference-releases": "/api/docs/releases/",
}
#: Those whose answer is no 200, and which a browser therefore notes on its console.
REFUSED = {"not-found", "releases-unreadable-search"}
