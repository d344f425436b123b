"""Models that a user would take instead of a network: n-grams, positions, random convolutions."""
