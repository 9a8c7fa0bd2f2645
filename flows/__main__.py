"""Runs the command line as `python -m flows`."""

from flows.command_line import main

main()
