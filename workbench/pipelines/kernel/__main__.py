"""``python -m workbench.pipelines.kernel RULES -f CONNECTION``: a kernel for one run of a page. Started by `runner` alone."""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec


def main(words: list[str]) -> None:
    """Set limits, put the guard up, become a kernel."""
    from ipykernel.kernelapp import IPKernelApp

    from workbench.pipelines.kernel import budget, output
    from workbench.pipelines.kernel.compiled import ask_before
    from workbench.pipelines.kernel.guard import Guard, watch_environment
    from workbench.pipelines.kernel.rules import Rules
    from workbench.pipelines.kernel.shell import GuardedKernel

    rules = msgspec.json.decode(Path(words[0]).read_bytes(), type=Rules)
    budget.limit_files(rules.file_bytes)
    output.ALLOWANCE = output.Allowance(rules.output_bytes)
    guard = GuardedKernel.guard = Guard(rules)
    watch_environment(guard)
    ask_before(guard)
    guard.install()
    app = IPKernelApp.instance(kernel_class=GuardedKernel, outstream_class="workbench.pipelines.kernel.output.LimitedStream")
    app.initialize([*words[1:], "--HistoryManager.enabled=False"])  # type: ignore[no-untyped-call]
    app.start()  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    main(sys.argv[1:])
