"""The sidecar as this service uses it, beyond what `todo_shared.dapr` has for all."""
