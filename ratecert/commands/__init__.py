"""The commands, one module each.

A command module has `HELP`, one line; ``arguments(parser)``, which declares its arguments; and
``run(args) -> int``, which does the work and returns the exit status.  Whatever is slow to
import, it imports inside `run`.
"""
