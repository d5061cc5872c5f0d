"""The addresses of a project's settings, and what the form of a threshold sends."""

PROJECTS = "/organizations/acme/settings/projects/"
WEB = f"{PROJECTS}web/"
THRESHOLDS = f"{WEB}thresholds/"
THRESHOLD = {
    "type": "new_issue_count",
    "trigger": "over",
    "value": "10",
    "window": "2",
    "unit": "86400",
    "environment": "",
}
