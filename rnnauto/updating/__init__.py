"""Go on from a model with new rows: grow its networks, train them on, keep what is better."""
