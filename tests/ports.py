"""Ports of this machine."""

import socket


def free() -> int:
    """Returns a port that nobody listens at."""
    with socket.socket() as found:
        found.bind(("localhost", 0))
        return found.getsockname()[1]
