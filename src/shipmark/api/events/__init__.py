"""Events: single errors with their stacks, their source maps, and the commits that may have caused them."""
