"""A second release of an environment beside the first, and which of them the traffic goes to."""
