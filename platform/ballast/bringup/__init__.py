"""From nothing to a running platform, and back."""
