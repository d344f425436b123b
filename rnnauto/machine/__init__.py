"""Machine code that llvmlite makes at run time: for which processor, and where it is kept."""
