"""The door of the clock: which job or timer calls which action."""
