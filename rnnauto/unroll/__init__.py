"""Look inside one sequence: what a network read, held and said, timestep by timestep."""
