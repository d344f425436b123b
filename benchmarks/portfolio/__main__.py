"""Learn which settings a search should begin with: run many, and choose the few that help most.

    python benchmarks/portfolio journal --data FOLDER   # hours of one thread; goes on where it was
    python benchmarks/portfolio choose                  # seconds, from the journal
    python benchmarks/portfolio stopping                # which rule would have kept the winner

The journal of the runs and the spaces of their sets lie beside this file.
"""

import argparse
import time
from pathlib import Path

HERE = Path(__file__).parent
JOURNAL, SPACES = HERE / "journal.jsonl", HERE / "spaces.json"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("part", choices=["journal", "choose", "stopping"])
    parser.add_argument("--journal", type=Path, default=JOURNAL)
    parser.add_argument("--spaces", type=Path, default=SPACES)
    parser.add_argument("--data", type=Path, help="a folder of sets that are not bundled")
    parser.add_argument("--seconds", type=float, default=1.4, help="of the processor, for a run")
    parser.add_argument("--minutes", type=float, default=600.0, help="after which no run begins")
    asked = parser.parse_args()
    if asked.part == "journal":
        from journal import write

        until = time.time() + 60 * asked.minutes
        write(asked.journal, asked.spaces, asked.data, seconds=asked.seconds, until=until)
        return
    from tables import read_known

    known = read_known(asked.journal, asked.spaces)
    if asked.part == "choose":
        from choose import report as report_choice

        report_choice(known)
    else:
        from stopping import report as report_rules

        report_rules(known)


if __name__ == "__main__":
    main()
