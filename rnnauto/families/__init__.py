"""Hold the kinds of problem: a family is a folder with all that differs, and a record of it."""
