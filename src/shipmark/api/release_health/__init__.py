"""Release health: questions about sessions, and how releases fared over time."""
