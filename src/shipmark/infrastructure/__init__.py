"""What everything stands on: settings, database, blobs, jobs, clock, errors. Knows no concept of the domain."""
