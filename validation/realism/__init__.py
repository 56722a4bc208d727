"""Whether simulated paths look like history: one family of comparison a file."""
