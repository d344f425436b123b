"""Texts that are written token by token, to a sequence or to single values."""
