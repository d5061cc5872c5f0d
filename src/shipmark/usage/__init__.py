"""The storage that an organization uses, measured by a job, and the deletion of what a project no longer uses."""
