"""From minified stacks to the original ones, and the reasons where that is not possible."""
