"""Write a fitted model in other forms, each compared with its SavedModel by its own runtime."""
