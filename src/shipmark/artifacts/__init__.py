"""The room of artifacts: minified files, source maps and debug files, and what is read from them."""
