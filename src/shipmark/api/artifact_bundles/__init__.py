"""Artifact bundles: uploaded archives of minified sources and source maps, and look-ups of what they hold."""
