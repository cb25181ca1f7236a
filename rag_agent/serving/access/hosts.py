"""The names under which a server of this program may be asked for."""

import ipaddress
from collections.abc import Sequence

_LOOPBACK = ("localhost", "127.0.0.1", "[::1]")


def names(host: str, allowed_hosts: Sequence[str]) -> list[str]:
    """What a request may call a server: this machine, the address it listens on, and what the user adds.

    A page of another site can make its own name lead to this machine (DNS rebinding). Its requests carry
    that name, and get an error instead of somebody's conversations.
    """
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return [*_LOOPBACK, host.lower(), *allowed_hosts]
    if address.is_unspecified:  # listens everywhere, under names that only the user knows
        return [*_LOOPBACK, *allowed_hosts]
    return [*_LOOPBACK, f"[{address}]" if address.version == 6 else str(address), *allowed_hosts]
