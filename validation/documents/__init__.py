"""The sixteen documents of a model version, built from plain dicts."""
