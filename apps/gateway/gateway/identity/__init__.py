"""Accounts with a password, for stacks without an identity provider of their own."""
