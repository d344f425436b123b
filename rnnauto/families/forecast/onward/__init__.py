"""Forecast from many origins of the past, and beyond the horizon."""
