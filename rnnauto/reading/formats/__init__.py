"""Read files of one format each; `load.py` tells which format a file has."""
