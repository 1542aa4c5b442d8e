"""Copies of tasks in the state store, and the way there from PostgreSQL alone.

PostgreSQL stays the truth: a trigger notes each change of a task in `read_copies`, in the same
transaction, and the copy is written after the commit. How far reads rely on copies is the phase.
"""
