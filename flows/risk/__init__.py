"""The risk of a book: one set of scenarios, every number from it, and where each comes from."""
