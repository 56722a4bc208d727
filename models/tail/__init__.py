"""The learned tail: residual heads on a statistical base."""
