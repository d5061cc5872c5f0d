"""What is built and watched? Projects, their DSN keys, and the environments they run in."""
