"""Run a command without a network: `python -m scripts.offline [--ipv4] COMMAND …`.

The command gets a network namespace with a loopback interface and no route. The exit status is 1 if the command tried
to reach anything outside: the kernel counts packets without a route, and datagrams to a port on which nobody listens
(a name server on the loopback address). With `--ipv4` only IPv4 counts: chromium looks for an IPv6 route by itself.
Whoever uses a name is noticed in any case, since names are looked up over IPv4.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import socket
import struct
import subprocess
import sys
from pathlib import Path

CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000
"""From <linux/sched.h>."""
SIOCSIFFLAGS, IFF_UP = 0x8914, 0x1
"""From <linux/sockios.h> and <linux/if.h>."""
IPV4 = "--ipv4"
SKIPPED = 77
"""Exit status where a namespace is not allowed, as of a skipped test in automake."""


def enter() -> bool:
    """Move this process into a namespace without a route; False where that is not allowed."""
    libc = ctypes.CDLL(None, use_errno=True)
    user, group = os.geteuid(), os.getegid()
    if libc.unshare(CLONE_NEWNET) != 0:
        if ctypes.get_errno() != errno.EPERM or libc.unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0:
            return False
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    with socket.socket() as control:
        fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP))
    return True


def attempts(*, ipv4_only: bool = False) -> int:
    """Packets of this namespace for which there was no route, and datagrams to a closed port."""
    return _ipv4("Ip", "OutNoRoutes") + _ipv4("Udp", "NoPorts") + (0 if ipv4_only else _ipv6("Ip6OutNoRoutes"))


def _ipv4(protocol: str, name: str) -> int:
    rows = [line.split() for line in Path("/proc/net/snmp").read_text().splitlines()]
    names, values = (row for row in rows if row[0] == f"{protocol}:")
    return int(values[names.index(name)])


def _ipv6(name: str) -> int:
    path = Path("/proc/net/snmp6")
    rows = [line.split() for line in path.read_text().splitlines()] if path.exists() else []
    return sum(int(value) for key, value in rows if key == name)


def main(command: list[str]) -> int:
    """The exit status of the command; 1 if it tried to leave; SKIPPED where a namespace is not allowed."""
    if not enter():
        print("NO NETWORK NAMESPACE: this machine does not allow one.", file=sys.stderr)
        return SKIPPED
    ipv4_only = command[0] == IPV4
    status = subprocess.run(command[ipv4_only:], check=False).returncode
    if tried := attempts(ipv4_only=ipv4_only):
        print(f"{tried} attempts to reach something outside", file=sys.stderr)
        return status or 1
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
