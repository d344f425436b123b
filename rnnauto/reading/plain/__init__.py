"""Read large files that are written plainly by machine code, in less than half of polars' time."""
