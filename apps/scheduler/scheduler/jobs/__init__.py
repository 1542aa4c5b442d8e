"""What the service does when a time has come."""
