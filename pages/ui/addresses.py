"""Where a request comes from, when proxies may stand between."""

import re
from collections.abc import Collection
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

HERE = "local"
UNTRUSTED_PROXY = "untrusted proxy"
_ONE_SUBSCRIBER = 64
_WITH_PORT = re.compile(r"\[(?P<six>[^\]]*)\](:\d+)?|(?P<four>[^:]+):\d+")


def address_of(peer: str | None, forwarded: str, trusted: Collection[IPv4Network | IPv6Network]) -> str:
    """The network address of a visitor.

    `peer` is the other end of the connection, None for this machine. `forwarded` is X-Forwarded-For, all its lines
    joined by commas: each proxy adds at the right whom it was asked by, and only what `trusted` ones added counts.
    An IPv6 address is cut to its /64, which is what one subscriber has.
    """
    hops = [_host(hop) for hop in forwarded.split(",") if hop.strip()]
    seen = _host(peer or "127.0.0.1")
    if _rewritten(seen, hops, trusted):
        return UNTRUSTED_PROXY
    while hops and _within(seen, trusted):
        seen = hops.pop()
    return _name(seen)


def _rewritten(peer: str, hops: list[str], trusted: Collection[IPv4Network | IPv6Network]) -> bool:
    """Whether the peer is only what was forwarded, though nobody said that this machine may forward.

    The web server believes whatever a connection from this machine forwards, and shows that as the peer. Whoever
    reaches us through a tunnel could then choose their address; all of them are one and the same here.
    """
    far = [hop for hop in hops if _name(hop) != HERE]
    return bool(far) and far[-1] == peer and not _within("127.0.0.1", trusted) and not _within("::1", trusted)


def _host(hop: str) -> str:
    """A hop without its port."""
    found = _WITH_PORT.fullmatch(hop.strip())
    return (found["six"] or found["four"]) if found else hop.strip()


def _parsed(host: str) -> IPv4Address | IPv6Address | None:
    try:
        found = ip_address(host)
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def _name(host: str) -> str:
    """The one spelling of an address that counters use; what is no address stays as it is, within reason."""
    found = _parsed(host)
    if found is None:
        return host[:64]
    if found.is_loopback:
        return HERE
    return str(IPv6Network((int(found), _ONE_SUBSCRIBER), strict=False)) if found.version == 6 else str(found)


def _within(host: str, trusted: Collection[IPv4Network | IPv6Network]) -> bool:
    found = _parsed(host)
    return found is not None and any(found.version == net.version and found in net for net in trusted)
