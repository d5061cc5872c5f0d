"""Symbolication: from minified stacks to original ones, or the reasons for failure."""
