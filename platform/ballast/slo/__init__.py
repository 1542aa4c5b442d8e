"""Service level objectives: files in, Prometheus rules and gate thresholds out."""
