"""Tables and queries of artifacts: bundles and their entries, release files, and states of assembling."""
