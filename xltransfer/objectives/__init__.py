"""Loss and prediction from model outputs, one file a problem."""
