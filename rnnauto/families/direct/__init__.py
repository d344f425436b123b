"""Values, classes or sets of labels, for each sequence or for each timestep."""
