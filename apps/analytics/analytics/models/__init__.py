"""What the service knows: counts, tasks, series, reports."""
