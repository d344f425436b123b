"""The journal: one JSON line per event, appended and synced, never rewritten."""

import json
import math
import os
import time
from pathlib import Path
from typing import Any


def append(path: Path, event: str, **fields: Any) -> None:
    """Numbers that JSON lacks, NaN and infinity, are written as null."""
    known = {"event": event, "time": round(time.time(), 3), **fields}
    line = json.dumps(finite(known), allow_nan=False) + "\n"
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(descriptor, line.encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {name: finite(item) for name, item in value.items()}
    return [finite(item) for item in value] if isinstance(value, list | tuple) else value


def read(path: Path) -> list[dict[str, Any]]:
    """Every whole event; a last line torn by a crash is left out."""
    events = []
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            events.append(json.loads(line))
        except json.JSONDecodeError:
            break
    return events
