"""``python -m shipmark``: the command line."""

from shipmark.cli.main import main

main()
