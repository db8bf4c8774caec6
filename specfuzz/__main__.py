"""`python -m specfuzz` is the `specfuzz` command."""

from specfuzz.cli import main

if __name__ == "__main__":
    main()
