"""Whose address counts when proxies forward a request."""

from ipaddress import ip_network

import pytest

from pages.ui.addresses import address_of

NOBODY = ()
PROXIES = (ip_network("127.0.0.1"), ip_network("10.0.0.0/8"), ip_network("2001:db8:1::/48"))


@pytest.mark.parametrize(
    ("peer", "forwarded", "trusted", "address"),
    [
        (None, "", NOBODY, "local"),
        ("127.0.0.1", "", NOBODY, "local"),
        ("203.0.113.9", "", NOBODY, "203.0.113.9"),
        # nobody is trusted: what a visitor forwards of themselves is not believed
        ("203.0.113.9", "198.51.100.1", NOBODY, "203.0.113.9"),
        (None, "198.51.100.1", NOBODY, "local"),
        # the web server believes this machine whatever we say, so the peer may be whatever a visitor wrote
        ("198.51.100.1", "198.51.100.1", NOBODY, "untrusted proxy"),
        ("198.51.100.1", "192.0.2.7, 198.51.100.1, 127.0.0.1", NOBODY, "untrusted proxy"),
        # one trusted proxy: only what it added itself counts
        ("10.0.0.2", "198.51.100.1", PROXIES, "198.51.100.1"),
        ("10.0.0.2", "192.0.2.7, 198.51.100.1", PROXIES, "198.51.100.1"),
        (None, "192.0.2.7, 198.51.100.1", PROXIES, "198.51.100.1"),
        # two of them
        ("10.0.0.2", "192.0.2.7, 198.51.100.1, 10.9.9.9", PROXIES, "198.51.100.1"),
        ("2001:db8:1::5", "198.51.100.1", PROXIES, "198.51.100.1"),
        # the web server has looked already
        ("198.51.100.1", "192.0.2.7, 198.51.100.1", PROXIES, "198.51.100.1"),
        # a stranger who claims to come from a proxy
        ("203.0.113.9", "10.0.0.2", PROXIES, "203.0.113.9"),
        # nobody forwarded anything, or all of them are proxies
        ("10.0.0.2", "", PROXIES, "10.0.0.2"),
        ("10.0.0.2", " , 10.0.0.3 ,, 10.0.0.4 ", PROXIES, "10.0.0.3"),
        # ports, spellings, and what is no address
        ("10.0.0.2", "198.51.100.1:4711", PROXIES, "198.51.100.1"),
        ("10.0.0.2", "[2001:db8:2::1]:4711", PROXIES, "2001:db8:2::/64"),
        ("2001:db8:2:0:ffff::1", "", NOBODY, "2001:db8:2::/64"),
        ("::ffff:203.0.113.9", "", NOBODY, "203.0.113.9"),
        ("10.0.0.2", "x" * 1000, PROXIES, "x" * 64),
    ],
)
def test_the_address_is_the_last_one_that_somebody_trusted_vouches_for(peer, forwarded, trusted, address):
    assert address_of(peer, forwarded, trusted) == address
