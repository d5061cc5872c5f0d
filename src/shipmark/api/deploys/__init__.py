"""Deploys: endpoints, typed bodies and JSON objects."""
