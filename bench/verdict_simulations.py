"""How often is the verdict on a release wrong, and after how many sessions is it right?

    PYTHONPATH=tests python bench/verdict_simulations.py [--table NAME] [--case TEXT] [--runs N] [--seed N] [--every N]

Prints three tables (verdict.md 1.6), or one:

* measure: independent sessions against bases of three sizes, with a look every 50 sessions up to 20,000.
* counts: crashes, users and new issues against one large base, with 25 times as many runs.
* verdict: users in hours, by all that the product does, against bases of one release and of several.

Needs no server. With 400 runs the first two take some minutes, the last an hour.
"""

import argparse
from collections.abc import Iterator, Mapping
from dataclasses import replace
from operator import attrgetter

from verdict_measures import outcomes_by_counts
from verdict_simulation import (
    Case,
    FirstTimes,
    Runs,
    every,
    growing,
    times_to_healthy,
    times_to_regressed,
)
from verdict_traffic import History, Outcome, Traffic, outcomes

from shipmark.verdicts.criteria import LETTERS

BASES = (5_000, 20_000, 200_000)
#: Percent of bad units in the base, and in the release.
RATES = {
    "no change": ((0.1, 0.1), (0.5, 0.5), (2, 2)),
    "at the margin": ((0, 0.1), (0.1, 0.2), (0.5, 0.6), (2, 2.4)),
    "at the tolerance": ((0, 0.3), (0.1, 0.4), (0.5, 0.8), (2, 3)),
    "worse": ((0.5, 1), (0.5, 5), (2, 4), (0.1, 0.5), (0, 1)),
}


_COLUMNS = "regressed S, U, N | verdict | median at | healthy S, U, N | verdict | median at |"
_RULE = "---|" * 6
#: Four releases of a day, and before them one that stayed over night.
MIXED = History(hours=(2, 2, 2, 2, 16))
BASES_OF_RELEASES = {
    "1 for a week": History(hours=(168,)),
    "8 for 3 hours": History(hours=(3,) * 8),
    "4 for 2 hours, 1 for 16": MIXED,
}
USUAL = Traffic(crash=0.005, new_error=0.001)
LOOPS = Traffic(crash=0.002, new_error=0.001, loop=0.6)
RARE = Traffic(crash=0.001, new_error=0.0012, again=0.0005)
ANONYMOUS = Traffic(crash=0.001, has_users=False)
#: What users did with the base, and with the release.
CHANGES = {
    "no change, 0.1 % crash": (Traffic(crash=0.001), Traffic(crash=0.001)),
    "no change, 0.5 % crash, 0.1 % new": (USUAL, USUAL),
    "no change, 2 % crash, 0.5 % new": (Traffic(crash=0.02, new_error=0.005),) * 2,
    "all at the margin, 2 → 2.4 %": (
        Traffic(crash=0.02, new_error=0.02),
        Traffic(crash=0.024, new_error=0.024),
    ),
    "N at the margin, 0 → 0.1 %": (
        Traffic(crash=0.001),
        Traffic(crash=0.001, new_error=0.001),
    ),
    "N at the tolerance, 0 → 0.3 %": (
        Traffic(crash=0.001),
        Traffic(crash=0.001, new_error=0.003),
    ),
    "N worse, 0.1 → 0.5 %": (USUAL, replace(USUAL, new_error=0.005)),
    "N worse, 0.1 → 1 %": (USUAL, replace(USUAL, new_error=0.01)),
    "N worse, 0.1 → 5 %": (USUAL, replace(USUAL, new_error=0.05)),
    "crashes 0.5 → 1 %, known issues": (USUAL, replace(USUAL, crash=0.01)),
    "crashes 0.5 → 1 %, new issue": (USUAL, replace(USUAL, new_crash=0.005)),
    "crashes 0.5 → 5 %, new issue": (USUAL, replace(USUAL, new_crash=0.045)),
    "crash loops, no change": (LOOPS, LOOPS),
    "crash loops, at the margin, 0.5 → 0.6 %": (LOOPS, replace(LOOPS, crash=0.0024)),
    "crash loops, 4 times": (LOOPS, replace(LOOPS, crash=0.008)),
    "no ids of users, N 0 → 50 %": (ANONYMOUS, replace(ANONYMOUS, new_error=0.5)),
    "rare issues go on, no change": (RARE, RARE),
}


#: The same for runs by counts alone.
COUNTED = {
    "no change, 0.5 %": (Traffic(crash=0.005, new_error=0.005),) * 2,
    "all at the margin, 0.5 → 0.6 %": (
        Traffic(crash=0.005, new_error=0.005),
        Traffic(crash=0.006, new_error=0.006),
    ),
    "all at the margin, 2 → 2.4 %": (
        Traffic(crash=0.02, new_error=0.02),
        Traffic(crash=0.024, new_error=0.024),
    ),
    "N at the margin, 0 → 0.1 %": (Traffic(crash=0.001), Traffic(crash=0.001, new_error=0.001)),
    "S at the margin, 0 → 0.1 %": (Traffic(), Traffic(crash=0.001)),
    "all at the tolerance, 2 → 3 %": (
        Traffic(crash=0.02, new_error=0.02),
        Traffic(crash=0.03, new_error=0.03),
    ),
    "N at the tolerance, 0 → 0.3 %": (
        Traffic(crash=0.001),
        Traffic(crash=0.001, new_error=0.003),
    ),
}
#: Runs by counts are cheap.
COUNTED_RUNS = 25
COUNTED_USER_HOURS = 10_000


def main() -> None:
    """Simulate each case and print its row."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--runs", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--every", type=int, default=50)
    parser.add_argument("--table", choices=("measure", "counts", "verdict"))
    parser.add_argument("--case", default="", help="only cases with this in their name")
    options = parser.parse_args()
    runs = Runs(options.runs // 10, 10, options.seed)
    if options.table in {None, "measure"}:
        print_measures(runs, options.every, options.case)
    if options.table in {None, "counts"}:
        print_counts(COUNTED_RUNS * options.runs, options.seed, options.case)
    if options.table in {None, "verdict"}:
        print_verdicts(runs, options.case)


def print_measures(runs: Runs, step: int, part: str) -> None:
    """Print what becomes of one measure of independent units, with a base of one size."""
    print("| Case | base | ever regressed | median at | ever healthy | median at |")
    print("|---|---|---|---|---|---|")
    looks = every(step)
    for name, case in cases():
        if part in name:
            regressed = times_to_regressed(case, looks, runs=runs)
            healthy = times_to_healthy(case, looks, runs=runs)
            cells = f"{shown(regressed)} | {shown(healthy)}"
            print(f"| {name} | {case.base_units:,} | {cells} |", flush=True)


def print_counts(runs: int, seed: int, part: str) -> None:
    """Print what becomes of the three measures together, with independent users and one large base."""
    print(f"| Case | {_COLUMNS}\n|---|{_RULE}")
    looks = growing(COUNTED_USER_HOURS)
    for name, (base, new) in COUNTED.items():
        if part in name:
            found = outcomes_by_counts(base, new, looks, runs=runs, seed=seed)
            print(f"| {name} | {cells_of(found)} |", flush=True)


def print_verdicts(runs: Runs, part: str) -> None:
    """Print what becomes of the three measures and of the verdict, with bases of one and of several releases."""
    print(f"| Case | base | {_COLUMNS}\n|---|---|{_RULE}")
    for name, (base, new) in CHANGES.items():
        for of, history in BASES_OF_RELEASES.items():
            if part in name:
                found = outcomes(base, new, history, hours=24, runs=runs)
                print(f"| {name} | {of} | {cells_of(found)} |", flush=True)


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


def cells_of(found: Mapping[str, Outcome]) -> str:
    """Return six cells: the shares by each measure, by the verdict, and its median; regressed, then healthy."""
    cells = []
    for of in (attrgetter("regressed"), attrgetter("healthy")):
        shares = ", ".join(f"{of(found[letter]).share:.2%}" for letter in LETTERS)
        cells.append(f"{shares} | {shown(of(found['all']))}")
    return " | ".join(cells)


if __name__ == "__main__":
    main()
