"""The command line, a file a group: each has ``register(app)``, which hangs its commands into `workbench.__main__`. No work is done here.

A command reads its arguments, calls one function of a lower floor, prints what came back, and turns an error into a sentence and an
exit code. Whatever can be had without a terminal stands below, so that a notebook or a test gets it without one.
"""
