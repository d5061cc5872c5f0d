"""What the metrics of release thresholds are called on pages."""

from shipmark.releases.thresholds import ThresholdType

TYPE_NAMES = {
    ThresholdType.ERRORS: "Errors",
    ThresholdType.NEW_ISSUES: "New issues",
    ThresholdType.UNHANDLED_ISSUES: "Unhandled issues",
    ThresholdType.REGRESSED_ISSUES: "Regressed issues",
    ThresholdType.FAILURE_RATE: "Failure rate",
    ThresholdType.CRASH_FREE_SESSIONS: "Crash-free sessions",
    ThresholdType.CRASH_FREE_USERS: "Crash-free users",
}
