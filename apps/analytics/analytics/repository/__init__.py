"""The database `analytics`."""
