"""`python -m rnnauto`."""

from rnnauto.cli.app import main

if __name__ == "__main__":
    main()
