"""`python -m analytics.rebuild`: build the projections anew from what the broker keeps."""
