"""The command line as a person meets it: words in, an exit code and two streams of text out. In this process, through `main`."""

from __future__ import annotations

import io
import sys
from contextlib import redirect_stderr, redirect_stdout
from typing import NamedTuple

from workbench.__main__ import main


class Said(NamedTuple):
    """What a command answered."""

    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        """Both streams without the breaks that a narrow terminal puts in."""
        return " ".join((self.out + " " + self.err).split())


def workbench(*words: object) -> Said:
    """Run a command. Whatever it does, it ends by an exit code: anything else is a traceback a person would see."""
    out, err, argv = io.StringIO(), io.StringIO(), sys.argv
    sys.argv = ["workbench", *map(str, words)]
    try:
        with redirect_stdout(out), redirect_stderr(err):
            main()
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 0 if ended.code is None else 1
    finally:
        sys.argv = argv
    return Said(code, out.getvalue(), err.getvalue())
