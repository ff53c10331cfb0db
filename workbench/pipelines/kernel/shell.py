"""An ordinary kernel whose cells run under a guard. Starts nothing; see ``__main__``."""

from __future__ import annotations

from typing import Any

from ipykernel.ipkernel import IPythonKernel

from workbench.pipelines.kernel import output
from workbench.pipelines.kernel.guard import Guard, Undeclared
from workbench.pipelines.kernel.output import TooMuchOutput


class GuardedKernel(IPythonKernel):
    """Runs cells as ever; one that touched what is not declared fails, even where its code has swallowed the refusal."""

    guard: Guard

    def __init__(self, **words: Any) -> None:
        super().__init__(**words)  # type: ignore[no-untyped-call]
        assert self.shell is not None
        self.shell.display_pub.register_hook(output.limited)
        self.shell.displayhook.register_hook(output.limited)

    async def do_execute(self, code: str, silent: bool, *words: Any, **named: Any) -> dict[str, Any]:
        """Run a cell."""
        self.guard.is_on = True
        try:
            reply: dict[str, Any] = await super().do_execute(code, silent, *words, **named)  # type: ignore[no-untyped-call]
        finally:
            self.guard.is_on = False
        if reply["status"] == "ok" and self.guard.breach:
            return reply | self._failed(Undeclared(self.guard.breach))
        if reply["status"] == "ok" and output.ALLOWANCE.is_spent:
            return reply | self._failed(TooMuchOutput(str(output.ALLOWANCE)))
        return reply

    def _failed(self, error: BaseException) -> dict[str, Any]:
        """Show an error in the cell that ran, and give what its reply says of it."""
        content = {"ename": type(error).__name__, "evalue": str(error), "traceback": [f"{type(error).__name__}: {error}"]}
        self.send_response(self.iopub_socket, "error", content)  # type: ignore[no-untyped-call]
        return content | {"status": "error", "user_expressions": {}}
