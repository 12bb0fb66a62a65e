"""`python -m trainwell`."""

import sys

from trainwell.cli import main

if __name__ == "__main__":
    sys.exit(main())
