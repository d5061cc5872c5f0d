"""Who is somebody? Users, their passwords, sessions and tokens."""
