"""Files of releases: source maps and minified sources that were uploaded one by one or in bundles."""
