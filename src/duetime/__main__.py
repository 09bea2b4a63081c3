"""Lets `python -m duetime` be the command line."""

import sys

from duetime.cli.main import run

if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
