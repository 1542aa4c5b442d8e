"""Trace context, structured logs and metrics."""
