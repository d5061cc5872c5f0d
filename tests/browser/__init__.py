"""The tests in a browser: a package, so that its modules can share a browser and servers."""
