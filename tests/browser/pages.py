"""Every page: its name, and its address on a server that `filling.fill_all` has filled, with the ids it returns."""

ACME = "/organizations/acme"
SETTINGS = f"{ACME}/settings"
PROJECT = f"{SETTINGS}/projects/web"
RELEASE = f"{ACME}/releases/web%402.0.0"
SETTINGS_PAGES = {
    "settings-general": f"{SETTINGS}/general/",
    "settings-delete": f"{SETTINGS}/delete/",
    "settings-data": f"{SETTINGS}/data/",
    "settings-members": f"{SETTINGS}/members/",
    "settings-teams": f"{SETTINGS}/teams/",
    "settings-team": f"{SETTINGS}/teams/crew/",
    "settings-team-delete": f"{SETTINGS}/teams/crew/delete/",
    "settings-projects": f"{SETTINGS}/projects/",
    "settings-project": f"{PROJECT}/",
    "settings-project-keys": f"{PROJECT}/keys/",
    "settings-project-data": f"{PROJECT}/data/",
    "settings-project-thresholds": f"{PROJECT}/thresholds/",
    "settings-project-threshold": f"{PROJECT}/thresholds/{{threshold}}/",
    "settings-project-code-mappings": f"{PROJECT}/code-mappings/",
    "settings-project-webhook": f"{PROJECT}/webhook/",
    "settings-project-delete": f"{PROJECT}/delete/",
    "settings-repositories": f"{SETTINGS}/repositories/",
    "settings-repository": f"{SETTINGS}/repositories/{{repository}}/",
    "settings-repository-delete": f"{SETTINGS}/repositories/{{repository}}/delete/",
    "settings-tokens": f"{SETTINGS}/tokens/",
    "settings-storage": f"{SETTINGS}/storage/",
    "settings-storage-preview": f"{SETTINGS}/storage/?project=web&days=30",
    "settings-jobs": f"{SETTINGS}/jobs/",
    "settings-quarantine": f"{SETTINGS}/quarantine/",
    "settings-audit-log": f"{SETTINGS}/audit-log/",
}
ACCOUNT_PAGES = {
    "account": "/account/",
    "account-avatar": "/account/avatar/",
    "account-tokens": "/account/tokens/",
    "keys": "/keys/",
}
#: Those of an owner.
PAGES = (
    {
        "releases": f"{ACME}/releases/",
        "releases-all-live": f"{ACME}/releases/?live=all&status=any&sort=version",
        "releases-no-match": f"{ACME}/releases/?query=nothing-like-it",
        "releases-unreadable-search": f"{ACME}/releases/?query=release.version%3A%3E",
        "releases-empty": "/organizations/empty/releases/",
        "new-release": f"{ACME}/new-release/",
        "release": f"{RELEASE}/",
        "release-without-files": f"{ACME}/releases/web%402.1.0-rc.2/",
        "release-healthy": f"{ACME}/releases/api%401.5.0/",
        "release-undecided": f"{ACME}/releases/web%402.1.0-rc.1/",
        "release-edit": f"{RELEASE}/edit/",
        "release-delete": f"{RELEASE}/delete/",
        "release-artifacts": f"{RELEASE}/artifacts/",
        "release-artifacts-empty": f"{ACME}/releases/web%401.15.0/artifacts/",
        "compare": f"{RELEASE}/compare/",
        "compare-unknown": f"{RELEASE}/compare/?base=nothing",
        "getting-started": f"{ACME}/getting-started/",
        "getting-started-empty": "/organizations/empty/getting-started/",
        "timeline": f"{ACME}/timeline/",
        "timeline-earlier": f"{ACME}/timeline/?days=7&until={{week_ago}}",
        "verdicts": f"{ACME}/verdicts/",
        "timeline-empty": "/organizations/empty/timeline/",
        "delivery": f"{ACME}/delivery/",
        "delivery-empty": "/organizations/empty/delivery/",
        "issues": f"{ACME}/issues/",
        "issues-resolved": f"{ACME}/issues/?tab=resolved",
        "issues-no-match": f"{ACME}/issues/?query=nothing-like-it",
        "issues-unreadable-search": f"{ACME}/issues/?query=stack.filename%3Alike",
        "issues-empty": "/organizations/empty/issues/",
        "issue": f"{ACME}/issues/WEB-1/",
        "issue-archived": f"{ACME}/issues/WEB-3/",
        "issue-events": f"{ACME}/issues/WEB-1/events/",
        "issue-resolve": f"{ACME}/issues/WEB-1/resolve/",
        "issue-delete": f"{ACME}/issues/WEB-1/delete/",
        "issue-discard": f"{ACME}/issues/WEB-1/discard/",
        "issue-first-event": f"{ACME}/issues/WEB-1/?event=oldest",
        "search": f"{ACME}/search/?query=web",
        "search-no-match": f"{ACME}/search/?query=nothing-like-it",
        "not-found": f"{ACME}/releases/nothing/",
        "invitation-of-another": "{invitation}",
        "api-reference": "/api/docs/",
        # Pages of the reference are made by one template: these have all that others have, and are short.
        "api-reference-project-keys": "/api/docs/project-keys/",
        "api-reference-uploads": "/api/docs/uploads/",
    }
    | SETTINGS_PAGES
    | ACCOUNT_PAGES
)
#: Those of a member without further rights, of a user without an organization, and of a person who is not signed in.
OTHERS_PAGES = {
    "member": {
        "forbidden": f"{SETTINGS}/jobs/",
        "settings-general-unchangeable": f"{SETTINGS}/general/",
        "settings-members-unchangeable": f"{SETTINGS}/members/",
        "settings-team-unchangeable": f"{SETTINGS}/teams/crew/",
        "settings-project-unchangeable": f"{PROJECT}/",
        "settings-keys-unchangeable": f"{PROJECT}/keys/",
    },
    "newcomer": {"no-organization": "/", "account-alone": "/account/"},
    "anonymous": {
        "sign-in": "/sign-in/",
        "invitation": "{invitation}",
        "shared-issue": "{shared_issue}",
        "shared-issue-unknown": "/share/issue/unknown/",
        "invitation-unknown": "/invitations/unknown/",
        "api-reference-signed-out": "/api/docs/uploads/",
    },
}
#: Those whose answer is no 200, and which a browser therefore notes on its console.
REFUSED = {
    "not-found",
    "forbidden",
    "releases-unreadable-search",
    "issues-unreadable-search",
    "compare-unknown",
    "invitation-unknown",
    "shared-issue-unknown",
}
#: Those that show names, on a server that `filling.fill_all_awkwardly` has filled.
AWKWARD_PAGES = (
    {
        "releases": f"{ACME}/releases/",
        "releases-of-project": f"{ACME}/releases/?project=web&environment=region-01&status=any",
        "release": f"{ACME}/releases/web%401.0.0/",
        "release-delete": f"{ACME}/releases/web%401.0.0/delete/",
        "release-artifacts": f"{ACME}/releases/web%401.0.0/artifacts/",
        "timeline": f"{ACME}/timeline/",
        "delivery": f"{ACME}/delivery/?environment=region-01",
        "issues": f"{ACME}/issues/",
        "issue": f"{ACME}/issues/WEB-1/",
        "issue-2": f"{ACME}/issues/WEB-2/",
        "compare": f"{ACME}/releases/web%401.0.0/compare/",
        "new-release": f"{ACME}/new-release/",
        "search": f"{ACME}/search/?query=web",
        "shared-issue": "{shared_issue}",
    }
    | SETTINGS_PAGES
    | {"account": "/account/", "account-tokens": "/account/tokens/"}
    # The longest page of the reference.
    | {"api-reference-releases": "/api/docs/releases/"}
)
