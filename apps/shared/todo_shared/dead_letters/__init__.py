"""Events whose handling failed for good: seen, understood and sent again."""
