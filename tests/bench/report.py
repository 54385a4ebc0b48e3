"""How figures are shown: always with n, the median and percentiles."""

import os
import platform
import statistics
from collections.abc import Sequence


def machine() -> str:
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    return f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, load {load}"


def heading(text: str) -> None:
    print(f"\n{text}\n{'─' * len(text)}", flush=True)


def spread(values: Sequence[float], unit: str = "ms") -> str:
    ordered = sorted(values)
    p95 = ordered[min(len(ordered) - 1, round(0.95 * (len(ordered) - 1)))]
    p50 = statistics.median(ordered)
    return f"p50 {p50:7.1f}  p95 {p95:7.1f}  max {ordered[-1]:7.1f} {unit}  n={len(ordered)}"


def table(rows: Sequence[Sequence[str]]) -> None:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        print(
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip(), flush=True
        )
