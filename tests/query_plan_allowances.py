"""Statements that may read or sort more than others, each with the reason."""

from filled_acme import RELEASE_TERM_LISTS
from statement_costs import Cost

#: What may read or sort more than a page, and why: the act (or all of them), a part of the statement, the reason.
ALLOWED = (
    *(
        (
            f"page /organizations/acme/timeline/{query}",
            "ix_issues_resolved",
            "The issues of twelve weeks are counted in indexes, of a project's week at most 1000.",
        )
        for query in (
            "",
            "?days=90&project=web&environment=production",
            "?days=90&until=2026-01-01&deploys=all",
        )
    ),
    (
        "change issues",
        "lower(issues.title) LIKE",
        "A text may be anywhere: the project's issues are read until there are enough, the last seen first.",
    ),
    ("change issues", 'issues.title COLLATE "C" ILIKE', "The same on PostgreSQL."),
    (
        "/organizations/acme/issues/?statsPeriod=14d&sort=freq&project=1",
        "issues.last_seen_at >=",
        "The issues of the period are sorted, of which a large project has far fewer than of its whole life.",
    ),
    (
        "page /organizations/acme/issues/?tab=review",
        "inbox",
        "The projects' issues of the inbox are read and sorted; it forgets what is older than a week.",
    ),
    ("page /organizations/acme/issues/?tab=review&project=web", "inbox", "The same."),
    ("page /organizations/acme/issues/1/?tab=review", "inbox", "The same, for its place there."),
    ("/organizations/acme/issues/?query=is:for_review", "inbox", "The same."),
    *(
        (
            f"/{path}",
            "inbox",
            "The index of the inbox is read from its end, until there are enough.",
        )
        for path in (
            "organizations/acme/issues/?sort=inbox&query=is:for_review",
            "organizations/acme/issues/?sort=inbox&query=is:for_review&cursor=1710000000000000:3:0",
            "organizations/acme/issues/?sort=inbox&query=is:for_review&cursor=1710000000000000:3:1",
            "projects/acme/web/issues/?sort=inbox&query=is:for_review",
        )
    ),
    *(
        (
            f"/{path}/issues/?environment=production",
            "SELECT count(*)",
            "A thousand issues are counted, and of each that it was in the environment.",
        )
        for path in ("organizations/acme", "projects/acme/web")
    ),
    *(
        (
            f"/{path}",
            "SELECT count(*)",
            "A thousand issues are counted, and of each that it was not in a release or environment, or not assigned.",
        )
        for path in (
            "organizations/acme/issues/?query=!release:web@1.0.0",
            "organizations/acme/issues/?query=assigned:[me,none]+!assigned:%23core",
            "organizations/acme/issues/?query=!firstRelease:web@1.0.0+environment:production",
            "projects/acme/web/issues/?query=!release:latest+!environment:staging+error.handled:true",
        )
    ),
    *(
        (
            f"/{path}/issues/?query={query}",
            part,
            reason,
        )
        for path in ("organizations/acme", "projects/acme/web")
        for query, part, reason in (
            (
                "user.id:5*",
                "issue_tags",
                "One issue in eighteen has it, too many to sort: the list is read until there are enough.",
            ),
            (
                "user.id:5*",
                "wanted_ids",
                "In one of the projects they are a thousand, the most that are sorted.",
            ),
            (
                "subscribed:me",
                "SELECT count(*)",
                "A thousand issues are counted, and of each that the user is subscribed.",
            ),
            ("!subscribed:me", "SELECT count(*)", "The same, where the user is not."),
            (
                "has:tenant",
                "SELECT count(*)",
                "A thousand issues are counted, and of each that it has the tag.",
            ),
        )
    ),
    *(
        (path, "SELECT releases.id", "At most a thousand releases are read and sorted.")
        for path in RELEASE_TERM_LISTS
    ),
    *(
        (
            path,
            "releases_0_rows",
            "The issues of a page, and a thousand that are counted, are looked up in a list of a thousand releases.",
        )
        for path in RELEASE_TERM_LISTS
    ),
    (
        "/organizations/acme/issues/?query=bookmarks:me",
        "issue_bookmarks",
        "PostgreSQL prefers reading as few issues as there are here to looking up two hundred.",
    ),
    *(
        (
            f"/organizations/acme/issues/?query={query}",
            "issue_assignments",
            "The issues of these assignees are sorted, and PostgreSQL prefers reading as few issues as there are here.",
        )
        for query in (
            "is:assigned",
            "assigned:[me,my_teams,Alice,alice@example.com,%23core]",
        )
    ),
    (
        "/organizations/acme/issues/?query=release:[web@1.0.0,latest]+!regressed_in_release:latest",
        "releases_0_rows",
        "PostgreSQL takes the releases for a hundred, and so prefers reading as few issues as there are here.",
    ),
    (
        "page /organizations/acme/issues/?release=latest",
        "releases_0_rows",
        "PostgreSQL takes the releases for a hundred, and so prefers reading as few issues as there are here.",
    ),
    (
        "/organizations/acme/issues/?sort=freq&query=release:web@1.0.0",
        "releases_0_rows",
        "PostgreSQL takes the releases for a hundred, and so prefers reading as few issues as there are here.",
    ),
    (
        "/organizations/acme/issues/?query=is:new",
        "issues.substatus =",
        "A rare substatus is read for along the index of the list, as a text is. That of regressed issues has its own.",
    ),
    (
        "delete by force what resolved",
        "other.shipped_at >= start.shipped_at",
        "A deleted backport looks through the later versions that shipped before it; no list asks for that.",
    ),
    *(
        (
            f"page /organizations/acme/releases/{page}",
            "of_releases_rows",
            "PostgreSQL takes the releases for a hundred, and so prefers reading as few issues as there are here.",
        )
        for page in ("web@1.1.0/", "web@5.0.0+2000/", "web@5.0.0+2000/compare/")
    ),
    (
        "page /organizations/acme/releases/web@1.1.0/",
        "other.shipped_at >= start.shipped_at",
        "The page of a backport does so, too, for the link to the next release; others read a few rows.",
    ),
    *(
        (
            "/organizations/acme/delivery/?project=web&start=2023-12-20T00:00:00Z&end=2023-12-25T00:00:00Z",
            part,
            "A metric is computed from all deploys of its time, here 2,500, and from their commits.",
        )
        for part in (
            "last_deploy_id >= deploys.id",
            "judged_rows",
            "shipped_rows",
            "issue_history",
            "issue_environments",
        )
    ),
    (
        "/organizations/acme/releases/stats/",
        "FROM releases JOIN",
        "It answers a thousand releases at once, a fifth of those here.",
    ),
)


def is_allowed(name: str, cost: Cost) -> bool:
    return any(name == act and part in cost.statement for act, part, _ in ALLOWED)
