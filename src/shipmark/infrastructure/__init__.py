"""Infrastructure: settings, database, blobs, jobs, clock, errors. It knows no concept of the domain."""
