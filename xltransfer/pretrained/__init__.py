"""Published weights: their names, and how they are read and written."""
