"""How often is the verdict on a release wrong, and after how many sessions is it right?

    PYTHONPATH=tests python bench/verdict_simulations.py [--runs N] [--seed N] [--every N]

Simulates independent sessions against bases of three sizes, with a look every 50 sessions up to 20,000, and prints a
table (verdict.md 1.6). Needs no server. With 400 runs it takes some minutes.
"""

import argparse
from collections.abc import Iterator

from verdict_simulation import Case, FirstTimes, Runs, every, times_to_healthy, times_to_regressed

BASES = (5_000, 20_000, 200_000)
#: Percent of bad units in the base, and in the release.
RATES = {
    "no change": ((0.1, 0.1), (0.5, 0.5), (2, 2)),
    "at the margin": ((0, 0.1), (0.1, 0.2), (0.5, 0.6), (2, 2.4)),
    "at the tolerance": ((0, 0.3), (0.1, 0.4), (0.5, 0.8), (2, 3)),
    "worse": ((0.5, 1), (0.5, 5), (2, 4), (0.1, 0.5), (0, 1)),
}


def main() -> None:
    """Simulate each case and print its row."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--runs", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--every", type=int, default=50)
    options = parser.parse_args()
    print("| Case | base | ever regressed | median at | ever healthy | median at |")
    print("|---|---|---|---|---|---|")
    runs = Runs(options.runs // 10, 10, options.seed)
    for name, case in cases():
        looks = every(options.every)
        regressed = times_to_regressed(case, looks, runs=runs)
        healthy = times_to_healthy(case, looks, runs=runs)
        print(
            f"| {name} | {case.base_units:,} | {shown(regressed)} | {shown(healthy)} |", flush=True
        )


def cases() -> Iterator[tuple[str, Case]]:
    """Yield each case with its name."""
    for name, rates in RATES.items():
        for base, new in rates:
            for units in BASES:
                case = Case(base_rate=base / 100, base_units=units, new_rate=new / 100)
                yield f"{name} {base:g} → {new:g} %", case


def shown(first: FirstTimes) -> str:
    """Return two cells: the share of runs, and their median if most runs came to it."""
    median = "-" if first.median == float("inf") else f"{first.median:,.0f}"
    return f"{first.share:.2%} | {median}"


if __name__ == "__main__":
    main()
