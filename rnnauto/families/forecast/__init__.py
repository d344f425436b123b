"""Forecast the next timesteps of series."""
