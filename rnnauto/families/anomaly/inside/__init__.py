"""Look into one sequence: what stands in its boxes, and what hiding a timestep does."""
