"""A file that is read in pieces: what is read of each is what would be read of the whole."""
