"""``python -m shipmark``: the command line."""

from shipmark.cli.entry import main

main()
