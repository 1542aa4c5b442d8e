"""Storage in PostgreSQL. The only package of the service that speaks SQL."""
