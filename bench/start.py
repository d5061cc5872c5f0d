"""How long does a start on an existing data folder take, and how much memory do idle processes need?

    python bench/start.py [--rounds N]

Starts servers with two workers, one after the other, and cleans up. Memory is the proportional share (PSS) of the whole
process tree, so Linux only. Where others use the machine, compare the processor time of starts.
"""

import argparse
import statistics
import time

from process_tree import processor_seconds, tree_mebibytes, tree_of
from running import WORKERS, folder, mark, running

SECONDS_TARGET = 1.2
MEBIBYTES_TARGET = 160.0
#: After a start, until all workers are idle.
SETTLE_SECONDS = 2.0


def main() -> None:
    """Start, measure, stop; again for each round."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    starts, processor, sizes = [], [], []
    with folder() as data:
        for _ in range(rounds):
            with running(data / "data") as it:
                starts.append(it.seconds_to_start)
                processor.append(sum(map(processor_seconds, tree_of(it.pid))))
                time.sleep(SETTLE_SECONDS)
                sizes.append(tree_mebibytes(it.pid))
    start, size = statistics.median(starts), statistics.median(sizes)
    print(
        f"start to first 200   {start:8.2f} s     target {SECONDS_TARGET:6.1f} s    {mark(start, SECONDS_TARGET)}"
    )
    print(f"processor until then {statistics.median(processor):7.2f} s")
    print(
        f"idle, {WORKERS} workers      {size:8.1f} MiB   target {MEBIBYTES_TARGET:6.1f} MiB  "
        f"{mark(size, MEBIBYTES_TARGET)}"
    )


if __name__ == "__main__":
    main()
