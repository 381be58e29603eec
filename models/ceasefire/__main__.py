"""Run the command line as ``python -m ceasefire``."""

from __future__ import annotations

from ceasefire.cli import main

if __name__ == "__main__":
    main(prog_name="ceasefire")
