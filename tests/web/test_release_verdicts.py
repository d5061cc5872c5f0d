"""Verdicts in the log of a release."""

from shipmark.infrastructure.clock import now
from shipmark.releases.model import ReleaseActivity, ReleaseActivityType
from shipmark.releases.store import activity


def test_the_activity_has_verdicts_and_marks(house, owner):
    house.publish("web@1")
    happened = {
        ReleaseActivityType.VERDICT_CHANGED: {"environment": "production", "verdict": "regressed"},
        ReleaseActivityType.VERDICT_MARKED: {"environment": "production", "verdict": "healthy"},
    }
    entries = [
        ReleaseActivity(
            project_id=house.project.id, type=kind, version="web@1", at=now(), details=details
        )
        for kind, details in happened.items()
    ]
    with house.database.transaction() as connection:
        activity.add(connection, house.organization.id, entries)
    text = owner.get("/organizations/acme/releases/web@1/").text
    assert "Became <b>regressed</b> in <b>web</b>, production" in text
    assert "Marked as <b>healthy</b> in <b>web</b>, production" in text
