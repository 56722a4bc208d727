"""The commands, one file for each kind of work that a person does with them."""
