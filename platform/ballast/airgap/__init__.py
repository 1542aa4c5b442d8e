"""Stand-ins for Pulumi's official plugins on a machine that cannot download them.

The engine is the real one. What stands in is the Kubernetes resource provider and the Python
language host, and only while the official plugins are absent.
"""
