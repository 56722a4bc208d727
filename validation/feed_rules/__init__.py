"""What can be wrong with a feed: one idea a file, one rule a fault."""
