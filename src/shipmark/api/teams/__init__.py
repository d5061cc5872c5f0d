"""Teams: endpoints, typed bodies and JSON objects."""
