"""The public API: what each version offers, and how it reaches the service that owns it."""
