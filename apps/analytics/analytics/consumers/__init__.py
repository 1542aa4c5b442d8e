"""What the service does when something happens elsewhere."""
