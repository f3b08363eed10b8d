"""The commands, one file a group. `cli` registers them."""
