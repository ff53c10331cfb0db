"""In a notebook: everything that draws comes from the installed packages, and a page that was loaded anew gets it again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from jupyter_client import BlockingKernelClient, KernelManager

SAYS = re.compile(r"""(?:src|href|url)["']?\s*[:=]\s*["'](https?://[^"']+)""")


@pytest.fixture(scope="module")
def kernel() -> Iterator[KernelManager]:
    manager = KernelManager(kernel_name="python3")
    manager.start_kernel()
    yield manager
    manager.shutdown_kernel(now=True)


def page(kernel: KernelManager) -> BlockingKernelClient:
    """A page of a browser: a session of its own with the kernel."""
    client = kernel.client()
    client.session.session = f"{client.session.session}-{id(client)}"
    client.start_channels()
    client.wait_for_ready(timeout=60)
    return client


def run(client: BlockingKernelClient, code: str) -> list[dict[str, Any]]:
    outputs: list[dict[str, Any]] = []

    def keep(message: dict[str, Any]) -> None:
        if message["msg_type"] in ("display_data", "execute_result"):
            outputs.append(message["content"]["data"])

    reply = client.execute_interactive(code, output_hook=keep, timeout=120)
    assert reply["content"]["status"] == "ok", reply["content"]
    return outputs


def n_scripts(outputs: list[dict[str, Any]]) -> int:
    return sum("BEGIN bokeh.min.js" in data.get("application/javascript", "") for data in outputs)


@pytest.mark.nightly
def test_a_notebook_asks_nobody_outside_and_a_page_loaded_anew_draws(kernel: KernelManager) -> None:
    first = page(kernel)
    imported = run(first, "from workbench.research.plots import look")
    assert n_scripts(imported) == 1
    shown = run(first, "look.nothing('a', 'b')")
    assert n_scripts(shown) == 0  # once a page
    html = next(data["text/html"] for data in shown if "bk" in data.get("text/html", ""))
    for text in (html, *(data.get("text/html", "") for data in imported)):
        assert not SAYS.findall(text) and "cdn." not in text
    assert not re.search(r'js_urls = \["|css_urls = \["', next(d["application/javascript"] for d in imported if n_scripts([d])))
    again = page(kernel)
    assert n_scripts(run(again, "look.nothing('c')")) == 1 and n_scripts(run(again, "look.nothing('d')")) == 0
    first.stop_channels()
    again.stop_channels()
