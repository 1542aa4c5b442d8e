"""Ballast: one platform, five kinds of cluster, promotion only on proof."""
