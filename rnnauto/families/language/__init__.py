"""Predict the next token, or set of labels, of texts and other sequences."""
