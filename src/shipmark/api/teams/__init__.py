"""Teams of an organization, which have members and own projects."""
