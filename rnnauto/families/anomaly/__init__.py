"""Tell what is unlike the rest: how much each timestep of a sequence surprises a network."""
