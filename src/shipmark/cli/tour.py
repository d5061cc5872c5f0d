"""The tour that a first start prints: commands from an error to the release that fixes it."""

import shlex

#: The requirements of the tour besides Python.
NEEDS = "git, and: pip install sentry-sdk sentry-cli"


def tour(*, address: str, organization: str, project: str, dsn: str, token: str) -> str:
    """Return the lines to type in a shell. They can be repeated without errors."""
    program = (
        f'import sentry_sdk; sentry_sdk.init("{dsn}", release="{project}@1.0.0");'
        ' raise ValueError("no money")'
    )
    fixed = f"{project}@1.1.0"
    return "\n".join(
        [
            f"export SENTRY_URL={shlex.quote(address)} SENTRY_ORG={organization} SENTRY_PROJECT={project}",
            f"export SENTRY_AUTH_TOKEN={token}",
            "mkdir -p shop && cd shop && git init -q",
            f"python3 -c '{program}'",
            (
                'git -c user.name=Ada -c user.email=ada@example.com commit -q --allow-empty -m "Count the coins twice"'
                f' -m "Fixes {project.upper()}-1"'
            ),
            f"sentry-cli releases new {fixed}",
            f"sentry-cli releases set-commits {fixed} --local",
            f"sentry-cli releases finalize {fixed}",
            f"sentry-cli deploys new --release {fixed} -e production",
        ]
    )
