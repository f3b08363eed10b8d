"""From what a model puts out to predictions, one file a problem."""
