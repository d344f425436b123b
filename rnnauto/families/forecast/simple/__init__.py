"""Forecast by simple rules, which a network has to beat."""
