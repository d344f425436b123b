"""Read tables in which what is unlike the rest is looked for."""
