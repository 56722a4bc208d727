"""Is it true: the examiner, which shares no code with the candidate."""
