"""`make bench`: the figures that the design promises, measured here and now, the unflattering ones too.

Ratios and counts compare across machines; milliseconds are for this one alone. `make bench` runs all
sections, `python -m tests.bench cold latency` some of them.
"""

import argparse
import sys

from local.stack import Stack
from tests.bench import cold, converge, latency
from tests.bench.report import machine

SECTIONS = {"cold": cold.run, "latency": latency.run, "converge": converge.run}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sections", nargs="*", choices=[*SECTIONS, []], default=[])
    chosen = parser.parse_args().sections or list(SECTIONS)
    print(machine())
    within = True
    for name in chosen:
        with Stack.start(port=0) as stack:
            within = SECTIONS[name](stack) and within
    return 0 if within else 1


if __name__ == "__main__":
    sys.exit(main())
