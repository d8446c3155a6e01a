"""``python -m sklearn_astromer``: the command line."""

import sys

from sklearn_astromer.cli import main

if __name__ == "__main__":
    sys.exit(main())
