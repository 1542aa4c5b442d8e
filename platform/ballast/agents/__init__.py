"""Small programs that run inside the cluster, each one file on the standard library alone."""
