"""Lists of numbers of a length of their own, to sequences or to static features."""
