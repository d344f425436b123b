"""What a network learns that is taught by the mean of others."""
