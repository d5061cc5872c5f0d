"""Artifacts: release files and bundles with minified files and source maps, their parsing and lookup."""
