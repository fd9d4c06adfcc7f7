"""The address of a client, behind NUM_PROXIES proxies that each add an entry to `X-Forwarded-For`."""

from __future__ import annotations

from django.conf import settings


def client_address(forwarded: str, peer: str) -> str:
    """The entry that the outermost proxy has added, else the peer.

    A header with fewer entries than proxies did not pass all of them: then its first entry counts.
    """
    proxies = settings.ALLAUTH_TRUSTED_PROXY_COUNT
    return forwarded.split(",")[-proxies:][0].strip() if proxies and forwarded else peer
