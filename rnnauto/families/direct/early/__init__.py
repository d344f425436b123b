"""Say what networks that read forwards know of a sequence before it ends."""
