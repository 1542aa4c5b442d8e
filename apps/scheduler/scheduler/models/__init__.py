"""What the service knows of series, tasks and reminders, and how it is stored."""
