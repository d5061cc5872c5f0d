"""Avatars: an uploaded photo, or letters on a colour."""
