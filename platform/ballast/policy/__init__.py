"""Admission policies outside the cluster: the same CEL, over a graph or over rendered manifests."""
