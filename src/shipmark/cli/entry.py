"""The program's entry point: the gate runs in pipelines, and starts without the modules of the server."""

import sys
from importlib import import_module

from shipmark.cli.gate import gate


def main() -> None:
    """Run the command of the arguments."""
    if sys.argv[1:2] == ["gate"]:
        gate(sys.argv[2:], prog_name="shipmark gate")
    else:
        import_module("shipmark.cli.main").main()
