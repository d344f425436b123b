"""The command line: commands, their options, and what they show."""

import os

# Read when polars is imported: its allocator would keep memory that was let go of for seconds.
# `inspect` of 1 GB takes 1.5 GB so, 1.7 GB otherwise, and as long.
os.environ.setdefault("_RJEM_MALLOC_CONF", "dirty_decay_ms:50,muzzy_decay_ms:0")
