"""`python -m tickline.cli` is `tickline`."""

from tickline.cli import main

main(prog_name="tickline")
