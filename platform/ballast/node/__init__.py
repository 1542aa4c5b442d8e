"""The embedded node: a real one-node Kubernetes, isolated from the machine that carries it."""
