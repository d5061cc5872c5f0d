"""Inbound filters: events that a project does not want, such as those of browser extensions."""
