"""The ways a message can take to its user."""
