"""Write deploy/nginx.conf and deploy/Caddyfile with the limits that the site has: `python -m scripts.proxy_config`.

The files in the repository hold the default limits; run it again after a change of MAX_UPLOAD_MB,
SLOW_CLIENT_SECONDS or MAX_SOCKETS_PER_ADDRESS. `--scheme https`: another proxy in front of nginx ends TLS.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import django

from scripts.preflight import ROOT

FOLDER = ROOT / "deploy"
SPARE_CONNECTIONS = 50
"""A browser's connections beside its sockets."""
ACCEL_PREFIX = "/_private"
HEADER = "Made by `python -m scripts.proxy_config` from the limits in the settings: change them there, not here."
NGINX = """\
# {header}
worker_processes auto;
pid /tmp/nginx.pid;
error_log /dev/stderr warn;

events {{ worker_connections 4096; }}

http {{
    default_type application/octet-stream;
    access_log /dev/stdout;
    server_tokens off;
    sendfile on;
    client_body_temp_path /tmp/nginx-body;
    proxy_temp_path /tmp/nginx-proxy;
    fastcgi_temp_path /tmp/nginx-fastcgi;
    uwsgi_temp_path /tmp/nginx-uwsgi;
    scgi_temp_path /tmp/nginx-scgi;

    # The site's own limits, kept before a request reaches it.
    client_max_body_size {body_bytes};
    client_header_timeout {slow_seconds}s;
    client_body_timeout {slow_seconds}s;
    send_timeout 60s;
    limit_conn_zone $binary_remote_addr zone=address:10m;
    limit_conn address {connections};
    limit_conn_status 429;

    upstream site {{
{servers}
        keepalive 32;
    }}
    map $http_upgrade $connection_header {{ default upgrade; "" ""; }}

    server {{
        listen 8080;
        # For TLS, a file of yours: listen 8443 ssl; ssl_certificate …; ssl_certificate_key …;
        include /etc/nginx/tls.d/*.conf;

        proxy_http_version 1.1;
        # Set, not appended: the site believes what stands here (BEHIND_PROXY=1, NUM_PROXIES=1).
        proxy_set_header Host $http_host;
        proxy_set_header X-Forwarded-For $remote_addr;
        proxy_set_header X-Forwarded-Proto {scheme};
        proxy_set_header X-Request-ID $request_id;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection $connection_header;
        proxy_read_timeout 120s;

        location / {{ proxy_pass http://site; }}
        # Sockets and event streams stay open; the site says something every 15 s.
        location /ws/ {{ proxy_pass http://site; proxy_read_timeout 1h; }}
        # ACCEL_REDIRECT_PREFIX={accel}: nginx sends the files that the site has checked the access to.
        location {accel}/ {{ internal; alias {media}/; }}
        # Prometheus asks the web processes themselves.
        location = /metrics {{ return 404; }}
    }}
}}
"""
CADDY = """\
# {header}
# Caddy gets the certificate of the site by itself: SITE_ADDRESS=models.example.org caddy run --config Caddyfile
{{
	servers {{
		timeouts {{
			read_header {slow_seconds}s
			read_body 10m
			idle 2m
		}}
	}}
}}

{{$SITE_ADDRESS:localhost}} {{
	request_body {{
		max_size {body_bytes}
	}}
	respond /metrics 404
	# Caddy sets X-Forwarded-For and X-Forwarded-Proto itself, and drops what the client sent.
	reverse_proxy {upstream} {{
		header_up X-Request-ID {{http.request.uuid}}
		# At once: event streams.
		flush_interval -1
	}}
}}
"""


@dataclass(frozen=True)
class Limits:
    """What a proxy has to know of the settings."""

    body_bytes: int
    slow_seconds: float
    connections: int


def limits() -> Limits:
    """Those of this site."""
    from django.conf import settings

    from reconsite.middleware import max_body_bytes

    connections = settings.MAX_SOCKETS_PER_ADDRESS + SPARE_CONNECTIONS
    return Limits(max_body_bytes(), settings.SLOW_CLIENT_SECONDS, connections)


def files(
    found: Limits, upstream: Sequence[str] = ("web:8000",), media: str = "/srv/media", scheme: str = "$scheme"
) -> dict[str, str]:
    """Name and content of each file."""
    values = {
        "header": HEADER,
        "body_bytes": found.body_bytes,
        "slow_seconds": f"{found.slow_seconds:g}",
        "connections": found.connections,
        "upstream": " ".join(upstream),
        "servers": "\n".join(f"        server {address};" for address in upstream),
        "media": media,
        "accel": ACCEL_PREFIX,
        "scheme": scheme,
    }
    return {"nginx.conf": NGINX.format(**values), "Caddyfile": CADDY.format(**values)}


def main() -> None:
    """Write the files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--upstream", nargs="+", default=["web:8000"], help="addresses of the web processes")
    parser.add_argument("--media", default="/srv/media", help="folder of photos and results")
    parser.add_argument("--scheme", default="$scheme", choices=("$scheme", "https"))
    parser.add_argument("--out", type=Path, default=FOLDER)
    chosen = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "reconsite.settings")
    django.setup()
    for name, text in files(limits(), chosen.upstream, chosen.media, chosen.scheme).items():
        (chosen.out / name).write_text(text)


if __name__ == "__main__":
    main()
