"""The door of the operator: the command line."""
