"""Members of an organization, their invitations, and the teams that they are on."""
