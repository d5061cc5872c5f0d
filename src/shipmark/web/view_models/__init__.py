"""What pages show: models of several rooms, put together and ready for a template."""
