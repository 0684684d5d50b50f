"""`python -m chunklint`."""

from chunklint.cli import main

main()
