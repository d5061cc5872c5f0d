"""The flow from "new release" to "issues resolved", across all rooms."""
