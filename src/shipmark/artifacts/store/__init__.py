"""Where are artifacts kept: bundles and their entries, release files, debug files, and what is being assembled?"""
