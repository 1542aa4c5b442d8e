"""What a delivery is, and how it is stored."""
