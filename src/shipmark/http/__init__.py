"""What every HTTP door shares: bodies and their fields, pages, refusals as answers."""
