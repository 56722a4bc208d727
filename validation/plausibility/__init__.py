"""Whether simulated paths are possible at all: hard rules, soft bands, and what filters did."""
