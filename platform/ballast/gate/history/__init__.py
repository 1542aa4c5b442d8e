"""Histories: what an independent client did, what services show of it, and whether both agree."""
