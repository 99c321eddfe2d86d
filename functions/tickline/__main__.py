"""`python -m tickline` is the command `tickline`."""

from tickline.cli import main

if __name__ == "__main__":
    main()
