"""Tasks in PostgreSQL: the only part of the service that speaks SQL.

Each write is one statement and one round trip: the row, its history, the user's sequence number,
the events and the wake-up of the relay. All of it may be repeated, so a connection that breaks
costs no request.
"""
