"""Issues: errors grouped by their cause, with the releases in which they were seen and resolved."""
