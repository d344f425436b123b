"""Decide how far forecasts look, and what they tell."""
