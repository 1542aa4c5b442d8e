"""Deliveries, their queue and their recipients in PostgreSQL: nothing else here speaks SQL."""
