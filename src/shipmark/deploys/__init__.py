"""Where is it? Deploys of releases to environments."""
