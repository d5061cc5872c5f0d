"""What goes wrong, since when, and is it fixed? Issues, the events they group, and their resolution."""
