"""Generators of joint scenarios: what all assets may do together over the next sessions."""
