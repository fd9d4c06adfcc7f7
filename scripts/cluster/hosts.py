"""The machines of a cluster test: network namespaces with an address each, or else ports of this machine.

A namespace has its own address, process ids, host name and folder, and a cable that can be cut. It needs root, `ip`
(iproute2) and `unshare` (util-linux). Without them each process has its own folder, and its network is a wire
(`scripts.chaos.wire`) to each service.
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from scripts.chaos.wire import Wire
from scripts.ports import free_port

NETWORK = "198.18"
"""Addresses for tests of networks (RFC 2544), which are routed nowhere."""
LOOPBACK = "127.0.0.1"
WEB_PORT = 8000
"""Of a host that has its ports to itself."""
ISOLATED = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "--uts"]
NAMED = ["sh", "-c", 'hostname "$0" && exec "$@"']


@dataclass
class Host:
    """A machine: `prefix` runs a command on it, `port` is free there, `cut` and `mend` are for its network."""

    name: str
    folder: Path
    address: str
    port: int
    cut: Callable[[], None]
    mend: Callable[[], None]
    prefix: list[str] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)


class Network(Protocol):
    """Where the hosts are."""

    address: str
    """Services listen here, and the hosts reach them."""
    description: str

    def host(self, name: str, folder: Path, urls: Mapping[str, str]) -> Host:
        """A new host. `urls`: the services that it reaches, by the name of the setting."""

    def remove(self) -> None:
        """Leave nothing behind."""


class Namespaces:
    """A bridge, and a namespace with a virtual cable for each host."""

    description = "network namespaces"

    def __init__(self) -> None:
        self._tag = f"rc{secrets.token_hex(2)}"
        self._names: list[str] = []
        self._network = f"{NETWORK}.{secrets.randbelow(256)}"
        self.address = f"{self._network}.1"
        _ip("link", "add", self._tag, "type", "bridge")
        _ip("address", "add", f"{self.address}/24", "dev", self._tag)
        _ip("link", "set", self._tag, "up")

    def host(self, name: str, folder: Path, urls: Mapping[str, str]) -> Host:
        """A namespace whose cable is plugged into the bridge."""
        space, number = f"{self._tag}-{name}", len(self._names) + 2
        cable, address = f"{self._tag}-{number}", f"{self._network}.{number}"
        self._names.append(space)
        _ip("netns", "add", space)
        _ip("link", "add", cable, "type", "veth", "peer", "name", "eth0", "netns", space)
        _ip("link", "set", cable, "master", self._tag, "up")
        _ip("-n", space, "address", "add", f"{address}/24", "dev", "eth0")
        for interface in ("eth0", "lo"):
            _ip("-n", space, "link", "set", interface, "up")
        return Host(
            name=name,
            folder=_folder(folder),
            address=address,
            port=WEB_PORT,
            cut=lambda: _ip("link", "set", cable, "down"),
            mend=lambda: _ip("link", "set", cable, "up"),
            prefix=["ip", "netns", "exec", space, *ISOLATED, *NAMED, name],
        )

    def remove(self) -> None:
        """The cables go with their namespaces, once no process is in them."""
        for space in self._names:
            subprocess.run(["ip", "netns", "delete", space], check=False, capture_output=True)
        subprocess.run(["ip", "link", "delete", self._tag], check=False, capture_output=True)


class Ports:
    """Everything on this machine. Only connections through a wire can be cut."""

    address = LOOPBACK
    description = "ports of one machine (no rights to make network namespaces)"

    def host(self, name: str, folder: Path, urls: Mapping[str, str]) -> Host:
        """A folder, a port, and a wire to each service."""
        wires, environment = [], {}
        for setting, url in urls.items():
            parts = urlsplit(url.rpartition("=")[2])  # the endpoint of STORAGE_URL is its last part
            wires.append(Wire((str(parts.hostname), int(parts.port or 0))))
            environment[setting] = url.replace(f":{parts.port}", f":{wires[-1].port}")
        return Host(
            name=name,
            folder=_folder(folder),
            address=LOOPBACK,
            port=free_port(),
            cut=partial(_each, wires, Wire.cut),
            mend=partial(_each, wires, Wire.mend),
            environment=environment,
        )

    def remove(self) -> None:
        """The wires end with this process."""


def network() -> Network:
    """Namespaces where they can be made."""
    return Namespaces() if can_make_namespaces() else Ports()


def can_make_namespaces() -> bool:
    """Root, the programs, and a kernel that allows it."""
    if os.geteuid() != 0 or not all(map(shutil.which, ("ip", "unshare", "hostname"))):
        return False
    try:
        trial = Namespaces()
    except subprocess.CalledProcessError:
        return False
    try:
        prefix = trial.host("trial", Path(os.devnull), {}).prefix
        return subprocess.run([*prefix, "true"], check=False, capture_output=True).returncode == 0
    except subprocess.CalledProcessError:
        return False
    finally:
        trial.remove()


def _folder(folder: Path) -> Path:
    if folder != Path(os.devnull):
        folder.mkdir(parents=True)
    return folder


def _each(wires: list[Wire], change: Callable[[Wire], None]) -> None:
    for wire in wires:
        change(wire)


def _ip(*arguments: str) -> None:
    """Raises CalledProcessError."""
    subprocess.run(["ip", *arguments], check=True, capture_output=True)
