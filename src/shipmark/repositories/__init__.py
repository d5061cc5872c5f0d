"""Repositories, commits, their authors and the files they change."""
