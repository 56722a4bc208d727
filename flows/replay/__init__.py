"""A year replayed: the whole lifecycle on history, session by session, with planted faults."""
