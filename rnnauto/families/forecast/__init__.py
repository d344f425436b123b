"""The next timesteps of series."""
