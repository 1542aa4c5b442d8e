"""Copies of some users' requests, sent to another environment and compared."""
