"""What is done to see the plans of all hot statements, by the name of the act: its path, page, or what it changes."""

from collections.abc import Callable

from artifacts import DEBUG_ID, js_event
from factories import ALICE, Caller, World, error_event, release_path, send_event
from filled_acme import (
    COOKIE,
    EVENTS_OF_WEB,
    MAPPING,
    MAPPING_ID,
    MARKED,
    PAGES,
    PROGUARD,
    REFS,
    RELEASE_TERM_LISTS,
    REMOTE_REPOSITORY,
    RESOLVED_IN_COMMIT,
    TAG_QUERIES,
    THRESHOLD,
    THRESHOLDS,
    fix,
    judged,
    minified,
    repository_id,
)
from sessions import send_sessions, session

ACTS: dict[str, Callable[[Caller, World], object]] = {
    "publish": lambda alice, _: alice.publish(
        "web@1.2.0", "web", "mobile", commits=[fix("1"), fix("2")], refs=REFS, owner=ALICE
    ),
    "publish again": lambda alice, _: alice.publish(
        "web@1.1.0", "web", "mobile", commits=[fix("1")], status="archived"
    ),
    "publish to the project": lambda alice, _: alice.post(
        "/projects/acme/web/releases/", {"version": "web@1.2.0", "commits": [fix("2")]}
    ),
    "amend": lambda alice, _: alice.put(
        release_path("web@1.1.0"),
        {"commits": [fix("2")], "refs": REFS, "dateReleased": "2026-01-05T10:00:00Z"},
    ),
    "clear": lambda alice, _: alice.put(release_path("web@1.1.0"), {"refs": []}),
    "delete": lambda alice, _: alice.delete(release_path("web@1.0.5")),
    "delete by force": lambda alice, _: alice.delete(release_path("web@1.0.0", "?force=1")),
    "delete by force what resolved": lambda alice, _: alice.delete(
        release_path("web@1.1.0", "?force=1")
    ),
    "deploy": lambda alice, _: alice.post(
        release_path("web@1.1.0", "deploys/"), {"environment": "staging"}
    ),
    "ask for commits": lambda alice, _: (
        alice.post("/organizations/acme/repos/", REMOTE_REPOSITORY),
        alice.put("/organizations/acme/repos/1/remote/", {"url": "https://git.example.com/x"}),
        alice.publish("web@1.1.0", refs=REFS),
        alice.publish("web@1.2.0", "web", refs=REFS),
        alice.post(release_path("web@1.2.0", "deploys/"), {"environment": "staging"}),
        alice.post(release_path("web@1.2.0", "commit-fetches/")),
        alice.publish("web@1.2.0", commits=[fix("3")]),
    ),
    "event": lambda alice, world: send_event(
        alice.client,
        world.keys["web"],
        world.projects["web"],
        error_event("0", release="web@1.1.0", environment="production", user={"id": "1"}),
    ),
    "sessions": lambda alice, world: send_sessions(
        alice.client, world, session("web@1.1.0", did="bob"), session("web@9.0.0", did="cid")
    ),
    "new issue": lambda alice, world: send_event(
        alice.client,
        world.keys["web"],
        world.projects["web"],
        error_event("new", release="web@9.0.0", environment="new"),
    ),
    "assemble debug files": lambda alice, _: alice.post(
        "/projects/acme/web/files/difs/assemble/",
        {"a" * 40: {"name": "x", "chunks": ["a" * 40]}},
    ),
    "tie a mapping": lambda alice, _: (
        alice.post("/projects/acme/web/files/dsyms/", files={"file": ("a", MAPPING)}),
        alice.post(PROGUARD, {"release_name": "shop@1", "proguard_uuid": MAPPING_ID}),
        alice.get(f"{PROGUARD}?proguard_uuid={MAPPING_ID}"),
        alice.delete("/projects/acme/web/files/dsyms/?id=1"),
    ),
    "event of minified JavaScript": lambda alice, world: send_event(
        alice.client,
        world.keys["web"],
        world.projects["web"],
        js_event(200, 221, release="web@1.1.0", debug_id=DEBUG_ID),
    ),
    "search for its map": lambda alice, world: alice.get(minified(alice, world)),
    "hide repository": lambda alice, _: alice.put(
        f"/organizations/acme/repos/{repository_id(alice)}/", {"status": "hidden"}
    ),
    "ask for a repository's end": lambda alice, _: alice.delete(
        f"/organizations/acme/repos/{repository_id(alice)}/"
    ),
    "add threshold": lambda alice, _: alice.post(THRESHOLDS, THRESHOLD),
    "judge thresholds": lambda alice, _: judged(alice),
    "release by address": lambda alice, _: alice.client.post(
        alice.get("/projects/acme/web/releases/token/").json()["webhookUrl"],
        json={"version": "web@1.3.0"},
    ),
    "change an organization": lambda alice, _: alice.put(
        "/organizations/acme/",
        {"name": "More", "slug": "more", "eventsMemberAdmin": False, "openMembership": False},
    ),
    "change a project": lambda alice, _: (
        alice.put("/projects/acme/web/", {"slug": "site", "resolveAge": 3}),
        alice.get("/projects/acme/web/"),
        alice.post("/projects/acme/site/keys/", {"name": "More"}),
        alice.get("/projects/acme/site/keys/"),
    ),
    "change teams": lambda alice, _: (
        alice.post("/organizations/acme/teams/", {"name": "More"}),
        alice.put("/teams/acme/more/", {"name": "Less"}),
        alice.post("/teams/acme/more/projects/", {"name": "Site"}),
        alice.post("/organizations/acme/members/me/teams/core/"),
        alice.delete("/organizations/acme/members/me/teams/core/"),
        alice.put("/organizations/acme/members/2/", {"orgRole": "owner", "teams": ["more"]}),
        alice.delete("/organizations/acme/members/2/"),
        alice.delete("/teams/acme/more/"),
    ),
    "change tokens": lambda alice, _: (
        alice.post("/organizations/acme/org-auth-tokens/", {"name": "x"}),
        alice.put("/organizations/acme/org-auth-tokens/2/", {"name": "y"}),
        alice.delete("/organizations/acme/org-auth-tokens/2/"),
        alice.post("/api-tokens/", {"scopes": ["org:read"], "name": "x"}),
    ),
    "change issues": lambda alice, _: (
        alice.put("/organizations/acme/issues/WEB-2/", {"status": "resolvedInNextRelease"}),
        alice.put("/organizations/acme/issues/WEB-3/", {"status": "resolved"}),
        alice.put("/organizations/acme/issues/?query=&id=1&id=2", {"status": "ignored"}),
        alice.put("/projects/acme/web/issues/?query=boom", {"status": "unresolved"}),
        alice.put("/organizations/acme/issues/WEB-2/", {"status": "resolvedInNextRelease"}),
        alice.publish("web@9.0.0"),
        alice.put("/organizations/acme/issues/WEB-3/", RESOLVED_IN_COMMIT),
        alice.put(
            "/organizations/acme/issues/?query=&id=1&id=2", {"status": "ignored", "ignoreCount": 5}
        ),
        alice.get("/organizations/acme/issues/?query=is:until_condition_met"),
        alice.put("/organizations/acme/issues/?query=&id=1&id=2", {"status": "unresolved"}),
        alice.post("/issues/1/comments/", {"text": "It is known.", "mentions": ["#core"]}),
        alice.put("/organizations/acme/issues/?query=&id=1&id=2", {"assignedTo": "#core"}),
        alice.put("/organizations/acme/issues/?query=&id=1&id=2", {"assignedTo": ALICE}),
        alice.put("/organizations/acme/issues/?query=&id=1&id=2", MARKED),
        alice.put("/organizations/acme/issues/?query=&id=1&id=2", dict.fromkeys(MARKED, False)),
        alice.put("/organizations/acme/issues/?query=&id=1&id=2", {"assignedTo": ""}),
        alice.put("/organizations/acme/issues/?query=&id=1&id=2", {"inbox": True}),
        alice.put("/organizations/acme/issues/?query=&id=1&id=2", {"priority": "low"}),
        alice.put("/organizations/acme/issues/?query=&id=1&id=2", {"isPublic": True}),
        alice.client.get(
            f"/api/0/shared/issues/{alice.get('/issues/1/').json()['shareId']}/"
        ).json()["latestEvent"],
        alice.put("/organizations/acme/issues/?query=&id=1&id=2", {"isPublic": False}),
        alice.put("/organizations/acme/issues/?query=&id=1&id=2", {"inbox": False}),
    ),
    "merge issues": lambda alice, _: (
        alice.put("/projects/acme/web/issues/?id=1&id=2&id=3", {"merge": True}),
        alice.put("/projects/acme/web/issues/?id=2&id=1001&id=1002", {"merge": True}),
        *(
            alice.get(f"/organizations/acme/issues/{name}")
            for name in ("2/", "WEB-2/", "1001/", "?group=2&group=1001")
        ),
    ),
    "discard issues": lambda alice, _: (
        alice.put("/organizations/acme/issues/WEB-2/", {"discard": True}),
        alice.put("/organizations/acme/issues/?id=1001&id=1002&id=1003", {"discard": True}),
        alice.get("/projects/acme/web/tombstones/"),
        alice.get("/projects/acme/web/tombstones/?cursor=1700000000000000:1:0"),
        alice.delete("/projects/acme/web/tombstones/1/"),
    ),
    "delete issues": lambda alice, _: (
        alice.put("/projects/acme/web/issues/?id=1&id=2", {"merge": True}),
        alice.delete("/organizations/acme/issues/WEB-2/"),
        alice.delete("/organizations/acme/issues/?id=1001&id=1002&id=1003"),
        alice.delete("/projects/acme/web/issues/?query=is:unresolved+issue:[WEB-5,WEB-6]"),
        *(
            alice.get(path)
            for path in (
                "/organizations/acme/issues/",
                "/organizations/acme/issues/WEB-2/",
                "/projects/acme/web/issues/",
                EVENTS_OF_WEB,
            )
        ),
    ),
    "find event": lambda alice, _: alice.get(
        f"/organizations/acme/eventids/{alice.get(EVENTS_OF_WEB).json()[0]['eventID']}/"
    ),
    "add repository": lambda alice, _: alice.post(
        "/organizations/acme/repos/", {"name": "acme/x", "url": "https://example.com/x"}
    ),
} | {
    path: lambda alice, _, path=path: alice.get(path)  # type: ignore[misc]
    for path in (
        "/organizations/acme/releases/?project=-1",
        "/organizations/acme/releases/?environment=production",
        "/organizations/acme/releases/?project=-1&flatten=1&status=",
        "/organizations/acme/releases/?project=-1&sort=semver",
        "/organizations/acme/releases/?project=-1&sort=build",
        "/organizations/acme/releases/?sort=semver&query=release.package:web",
        "/organizations/acme/releases/?query=release:latest",
        "/organizations/acme/releases/?query=!release:latest&sort=semver",
        "/organizations/acme/releases/?query=release.version:>1&cursor=1795328720287509:5:0",
        "/organizations/acme/releases/stats/",
        "/organizations/acme/delivery/",
        "/organizations/acme/delivery/?project=web&start=2023-12-20T00:00:00Z&end=2023-12-25T00:00:00Z",
        release_path("web@5.0.0+2000", "commits/"),
        release_path("web@5.0.0+2000", "resolved/"),
        "/projects/acme/web/releases/",
        "/organizations/acme/repos/",
        "/projects/acme/web/files/dsyms/?query=x",
        "/projects/acme/web/files/dsyms/?debug_id=1&code_id=2&file_formats=elf",
        "/projects/acme/web/files/dsyms/unknown/?checksums=1",
        "/organizations/acme/repos/1/commits/",
        "/organizations/acme/repos/1/commits/?cursor=1767225600000000:5:1",
        "/projects/acme/web/commits/",
        "/projects/acme/web/commits/?cursor=1767225600000000:5:0",
        "/projects/acme/web/commits/?query=1f",
        "/projects/acme/web/releases/completion/",
        "/projects/acme/web/releases/token/",
        "/projects/acme/web/releases/web@1.1.0/stats/",
        "/organizations/acme/releases/?health=1&adoptionStages=1",
        "/organizations/acme/releases/?health=1&flatten=1&sort=sessions&project=1",
        "/organizations/acme/releases/?health=1&flatten=1&sort=crash_free_users&environment=production",
        "/organizations/acme/releases/?flatten=1&sort=users_24h&query=web&cursor=100:3:0",
        "/organizations/acme/releases/?sort=adoption&adoptionStages=1",
        "/organizations/acme/releases/?sort=adoption&flatten=1&environment=production",
        "/organizations/acme/sessions/?field=sum(session)&statsPeriod=7d",
        "/organizations/acme/sessions/?field=count_unique(user)&statsPeriod=1d&query=release:web@1.1.0",
        THRESHOLDS,
        "/organizations/acme/release-thresholds/?project=web",
        "/organizations/acme/code-mappings/?project=-1",
        "/organizations/acme/issues/WEB-1/current-release/",
        "/organizations/acme/issues/WEB-1/current-release/?environment=production",
        "/organizations/acme/issues/WEB-1/first-last-release/",
        "/organizations/acme/members/me/unreleased-commits/",
        "/teams/acme/core/release-count/",
        "/organizations/acme/commit-fetches/?state=failed",
        "/organizations/acme/issues/",
        "/organizations/acme/issues/?statsPeriodStart=14d&statsPeriodEnd=7d&expand=sessions",
        "/organizations/acme/issues/?statsPeriod=14d&sort=freq&project=1",
        "/organizations/acme/issues/WEB-1/",
        "/organizations/acme/issues/?limit=2&query=release:web@1.0.0+firstRelease:latest",
        "/organizations/acme/issues/?query=regressed_in_release:web@1.1.0",
        *RELEASE_TERM_LISTS,
        "/organizations/acme/issues/?query=",
        "/organizations/acme/issues/?query=is:resolved&cursor=1710000000000000:3:0",
        "/organizations/acme/issues/?query=&cursor=1710000000000000:3:1",
        *(
            f"{path}?sort={sort}&cursor={cursor}"
            for path in ("/organizations/acme/issues/", "/projects/acme/web/issues/")
            for sort, cursor in (
                ("new", ""),
                ("new", "1710000000000000:3:0"),
                ("freq", ""),
                ("freq", "1:10000:0"),
                ("freq", "1:10000:1"),
                ("user", "1:10000:0"),
                ("user", "1:10000:1"),
            )
        ),
        "/organizations/acme/issues/?sort=inbox&query=is:for_review",
        "/organizations/acme/issues/?sort=inbox&query=is:for_review&cursor=1710000000000000:3:0",
        "/organizations/acme/issues/?sort=inbox&query=is:for_review&cursor=1710000000000000:3:1",
        "/projects/acme/web/issues/?sort=inbox&query=is:for_review",
        "/organizations/acme/issues/?sort=freq&query=release:web@1.0.0",
        "/organizations/acme/issues/?group=1001&group=1002&group=1003&sort=user",
        "/organizations/acme/issues/?environment=production",
        "/organizations/acme/issues/?environment=production&query=firstRelease:web@1.0.0",
        "/organizations/acme/issues/?query=level:error+lastSeen:-24h+timesSeen:>0",
        "/organizations/acme/issues/?query=is:new",
        "/organizations/acme/issues-count/?query=is:unresolved&query=",
        "/organizations/acme/issues/?query=is:regressed",
        "/organizations/acme/issues/?query=!release:web@1.0.0",
        "/organizations/acme/issues/?query=release:[web@1.0.0,latest]+!regressed_in_release:latest",
        "/organizations/acme/issues/?query=!firstRelease:web@1.0.0+environment:production",
        "/projects/acme/web/issues/?query=!release:latest+!environment:staging+error.handled:true",
        "/organizations/acme/issues/?query=is:for_review",
        "/organizations/acme/issues/?query=bookmarks:me",
        "/organizations/acme/issues/?query=!bookmarks:me",
        *(
            f"{path}/issues/?query={query}"
            for path in ("/organizations/acme", "/projects/acme/web")
            for query in (
                "bookmarks:alice@example.com",
                "subscribed:me",
                "!subscribed:me",
                "issue:[WEB-1,WEB-2]",
                "!issue.id:1+project:web",
                "platform:python+error.type:ValueError",
                "is:unresolved+issue.priority:[high,medium]",
                "!issue.priority:low",
                "!is:resolved",
                "!is:ongoing",
                "!is:for_review",
            )
        ),
        "/organizations/acme/issues/WEB-1/hashes/",
        "/organizations/acme/issues/WEB-1/comments/",
        "/organizations/acme/issues/WEB-1/comments/?per_page=1&cursor=1710000000000000:3:0",
        "/organizations/acme/issues/?query=is:assigned",
        "/organizations/acme/issues/?query=is:unassigned",
        "/organizations/acme/issues/?query=assigned:[me,my_teams,Alice,alice@example.com,%23core]",
        "/organizations/acme/issues/?query=assigned:[me,none]+!assigned:%23core",
        "/projects/acme/web/issues/?query=assigned:me&sort=freq",
        "/projects/acme/web/issues/?query=is:unassigned",
        *(
            f"{path}/issues/?query={query}"
            for path in ("/organizations/acme", "/projects/acme/web")
            for query in TAG_QUERIES
        ),
        "/organizations/acme/issues/?sort=freq&query=tenant:t7",
        "/organizations/acme/issues/?sort=user&query=browser.name:Firefox&cursor=1:10000:0",
        "/projects/acme/web/issues/?environment=production",
        "/projects/acme/web/issues/",
        "/projects/acme/web/issues/?query=is:unresolved",
        "/projects/acme/web/issues/?query=release:web@1.0.0",
        "/organizations/acme/issues/WEB-4/committers/",
        *(
            f"/organizations/acme/issues/WEB-1/tags/{part}"
            for part in ("", "level/", "level/values/", "level/values/?sort=count")
        ),
        "/organizations/acme/stats_v2/?field=sum(quantity)&groupBy=outcome&statsPeriod=14d&interval=1d",
        "/projects/acme/web/stats/",
        "/organizations/acme/stats/",
        "/teams/acme/core/stats/",
        "/organizations/acme/tags/",
        "/organizations/acme/tags/tenant/values/?query=t7",
        "/projects/acme/web/tags/",
        "/projects/acme/web/tags/tenant/values/?query=t7",
        "/projects/acme/web/tags/level/values/",
        "/organizations/acme/issues/WEB-1/events/?environment=production",
        "/organizations/acme/issues/WEB-1/events/?query=tenant:t7&statsPeriod=14d",
        "/projects/acme/web/events/?statsPeriod=14d",
        "/organizations/acme/issues/WEB-1/events/latest/",
        "/organizations/acme/issues/WEB-1/events/oldest/",
        "/organizations/acme/projects/",
        "/organizations/acme/",
        "/organizations/acme/audit-logs/?event=org.edit&actor=1&statsPeriod=1d",
        "/organizations/acme/audit-logs/?cursor=1767225600000000:5:0",
        "/organizations/acme/org-auth-tokens/",
        "/api-tokens/",
        "/organizations/acme/members/",
        "/organizations/acme/members/me/",
        "/organizations/acme/users/",
        "/organizations/acme/users/?projectSlug=web",
        "/organizations/acme/teams/",
        "/teams/acme/core/members/",
        "/projects/",
        "/projects/?query=dsn:x",
        "/projects/acme/web/",
        "/projects/acme/web/teams/",
        "/projects/acme/web/keys/",
        "/projects/acme/web/environments/",
        "/organizations/acme/environments/",
        "/organizations/",
        "/organizations/?owner=1",
        "/auth/",
        *(
            release_path("web@1.1.0", child)
            for child in (
                "",
                "meta/",
                "commits/",
                "commitfiles/",
                "previous-with-commits/",
                "resolved/",
                "compare/?base=web@1.0.0",
                "deploys/",
                "commit-fetches/",
                "?health=1&project=1",
                "verdict/?environment=production",
            )
        ),
    )
}


ACTS |= {
    f"page {path}": lambda alice, _, path=path: alice.client.get(path, headers=COOKIE)  # type: ignore[misc]
    for path in PAGES
}
