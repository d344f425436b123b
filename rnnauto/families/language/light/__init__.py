"""Write and read texts and sets around the graphs of a language model, in numpy."""
