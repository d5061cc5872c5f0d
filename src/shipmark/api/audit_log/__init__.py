"""The audit log of an organization: the changes, and the users who made them."""
