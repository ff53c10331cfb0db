"""How bytes reach the gateway: one asyncio protocol, on real sockets or on a virtual loop's links. No message is looked into."""

from workbench.gateway.transports.door import Door, serve

__all__ = ["Door", "serve"]
