"""What serving a feed costs: `digest serve` beside nginx and Starlette's own StaticFiles.

    python benchmarks/serve.py                  a table
    python benchmarks/serve.py --json           for a machine
    python benchmarks/serve.py --seconds 10     a longer look

One feed of 30 KB, in the same folder for all; each server is one process on loopback (nginx: one
worker), asked by wrk over 16 connections, in turns, in one run.  Cores are shared with wrk, so
CPU time a request says more than requests a second.  Wants wrk and nginx (Debian: apt-get
install wrk nginx); without nginx, the others are measured all the same.
"""

import argparse
import http.client
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import uvicorn
from starlette.staticfiles import StaticFiles

FEED = "/feeds/bench/feed.rss"
SIZE = 30_000
CONNECTIONS = 16

WORDS = """harbour ferry pilot quay council budget vote mayor tide storm crew school clinic nurse
bridge repair toll market price fish quota wage strike union rower cup goal keeper seal
cliff""".split()

CONFIG = """[site]
name = "Bench"
[store]
url = "sqlite:///data/digest.db"
[serve]
port = {port}
[[newsletters]]
slug = "daily"
title = "Daily"
days = []
"""

NGINX = """daemon off;
{user}
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log;
events {{ worker_connections 256; }}
http {{
  access_log off;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 1000000000;
  types {{ application/rss+xml rss; }}
  client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
  uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
  gzip on;
  gzip_types application/rss+xml;
  gzip_vary on;
  {gzip_static}
  server {{
    listen 127.0.0.1:{port};
    root {folder}/out;
    add_header Cache-Control "public, max-age=300";
  }}
}}
"""


@dataclass(frozen=True, slots=True)
class Figure:
    """What one server did with one kind of request."""

    server: str
    request: str
    per_s: float
    #: Microseconds of all its processes.
    cpu_us: float
    p50_ms: float
    p99_ms: float


def feed() -> bytes:
    """An RSS feed of about `SIZE` octets, always the same."""
    entries: list[str] = []
    while sum(map(len, entries)) < SIZE:
        n = len(entries)
        words = [WORDS[(n * 7 + k * k * 3 + k * n) % len(WORDS)] for k in range(90)]
        entries.append(
            f"<item><title>{' '.join(words[:8])}</title><guid isPermaLink='false'>tag:{n}</guid>"
            f"<link>https://news.example.org/editions/daily/{n}/</link>"
            f"<description>{' '.join(words[8:])}</description></item>\n"
        )
    return f"<rss version='2.0'><channel>\n{''.join(entries)}</channel></rss>\n".encode()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    return port


# ---------------------------------------------------------------------- servers


def peer(port: int, folder: str) -> None:
    """Starlette's StaticFiles, run as `digest serve` runs its pages."""
    uvicorn.run(
        StaticFiles(directory=folder),
        port=port,
        log_level="warning",
        access_log=False,
        server_header=False,
    )


def run_digest(folder: Path, port: int) -> Sequence[str]:
    (folder / "config.toml").write_text(CONFIG.format(port=port))
    return [sys.executable, "-m", "digest", "serve"]


def run_static_files(folder: Path, port: int) -> Sequence[str]:
    return [sys.executable, __file__, "--peer", str(port), str(folder / "out")]


def run_nginx(folder: Path, port: int, *, gzip_static: bool = False) -> Sequence[str]:
    conf = folder / f"nginx-{port}.conf"
    # Started as root, its worker would be somebody who may not read a temporary folder.
    user = "user root;" if os.getuid() == 0 else ""
    static = "gzip_static on;" if gzip_static else ""
    conf.write_text(NGINX.format(folder=folder, port=port, user=user, gzip_static=static))
    if gzip_static:
        path = folder / "out" / FEED[1:]
        subprocess.run(["gzip", "-k", "-f", "-6", path], check=True)
    return [nginx(), "-e", str(folder / "nginx.log"), "-c", str(conf)]


def run_nginx_coded(folder: Path, port: int) -> Sequence[str]:
    return run_nginx(folder, port, gzip_static=True)


def nginx() -> str:
    """Where nginx is; "" if it is nowhere."""
    return shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin") or ""


@contextmanager
def running(command: Sequence[str], folder: Path, port: int) -> Iterator[int]:
    """A server that answers; yields its process id."""
    with (folder / f"{port}.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
    try:
        for _ in range(600):
            if process.poll() is not None:
                sys.exit(f"{command[0]} ended: {(folder / f'{port}.log').read_text()}")
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except OSError:
                time.sleep(0.1)
        yield process.pid
    finally:
        process.terminate()
        process.wait(timeout=60)


# ------------------------------------------------------------------- measuring


def one(port: int, headers: dict[str, str]) -> http.client.HTTPResponse:
    """One request, to see that it is answered as it should be."""
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    line.request("GET", FEED, headers=headers)
    answer = line.getresponse()
    answer.read()
    line.close()
    return answer


def cpu_of(pid: int) -> float:
    """CPU seconds of *pid* and its children so far."""
    total = 0.0
    for thread in Path(f"/proc/{pid}/task").glob("*/children"):
        total += sum(map(cpu_of, map(int, thread.read_text().split())))
    told = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return total + (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")


def milliseconds(told: str) -> float:
    """Of a time as wrk writes it: 612.00us, 1.31ms, 1.02s."""
    for unit, factor in (("us", 0.001), ("ms", 1.0), ("s", 1000.0)):
        if told.endswith(unit):
            return float(told.removesuffix(unit)) * factor
    raise ValueError(told)


def press(name: str, request: str, port: int, pid: int, seconds: int, **headers: str) -> Figure:
    """Have wrk ask the same again and again."""
    told = [f"-H{key.replace('_', '-')}: {value}" for key, value in headers.items()]
    before = cpu_of(pid)
    output = subprocess.run(
        ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}", "--latency", *told,
         f"http://127.0.0.1:{port}{FEED}"],
        check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    spent = cpu_of(pid) - before
    if "Non-2xx" in output or "Socket errors" in output:
        sys.exit(f"{name}, {request}: {output}")
    found = {
        key: re.search(pattern, output)
        for key, pattern in {
            "number": r"(\d+) requests in",
            "rate": r"Requests/sec:\s+([\d.]+)",
            "p50": r"\n\s+50%\s+(\S+)",
            "p99": r"\n\s+99%\s+(\S+)",
        }.items()
    }
    value = {key: match[1] for key, match in found.items() if match}
    return Figure(
        server=name,
        request=request,
        per_s=float(value["rate"]),
        cpu_us=1e6 * spent / int(value["number"]),
        p50_ms=milliseconds(value["p50"]),
        p99_ms=milliseconds(value["p99"]),
    )


def measure(
    name: str, run: Callable[[Path, int], Sequence[str]], folder: Path, seconds: int
) -> list[Figure]:
    """200 as it is and in gzip, and 304, of one server."""
    port = free_port()
    with running(run(folder, port), folder, port) as pid:
        kinds: list[tuple[str, dict[str, str]]] = [("200", {})]
        coded = {"Accept_Encoding": "gzip"}
        if one(port, {"Accept-Encoding": "gzip"}).getheader("Content-Encoding") == "gzip":
            kinds.append(("200 gzip", coded))
        etag = one(port, {}).getheader("ETag") or ""
        if one(port, {"If-None-Match": etag}).status != 304:
            sys.exit(f"{name} does not know its own ETag {etag}")
        kinds.append(("304", {"If_None_Match": etag}))
        for _, headers in kinds:
            press(name, "", port, pid, 1, **headers)
        return [press(name, kind, port, pid, seconds, **headers) for kind, headers in kinds]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--peer", nargs=2, metavar=("PORT", "FOLDER"))
    asked = parser.parse_args()
    if asked.peer:
        peer(int(asked.peer[0]), asked.peer[1])
        return
    if not shutil.which("wrk"):
        sys.exit("wrk is missing, nothing can be measured without it: apt-get install wrk")
    servers: list[tuple[str, Callable[[Path, int], Sequence[str]]]] = [
        ("digest serve", run_digest),
        ("StaticFiles", run_static_files),
    ]
    if nginx():
        servers += [("nginx", run_nginx), ("nginx, gzip_static", run_nginx_coded)]
    else:
        print("nginx is missing, it is left out: apt-get install nginx", file=sys.stderr)
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / "out" / FEED[1:]
        path.parent.mkdir(parents=True)
        path.write_bytes(feed())
        size = path.stat().st_size
        for server, run in servers:
            figures += measure(server, run, folder, asked.seconds)
    if asked.json:
        told = {"cores": os.cpu_count(), "octets": size, "figures": [asdict(f) for f in figures]}
        print(json.dumps(told, indent=2))
        return
    print(f"{size} octets, {CONNECTIONS} connections, {os.cpu_count()} cores shared with wrk")
    print(f"{'':20}{'':10}{'requests/s':>12}{'CPU µs each':>13}{'p50 ms':>9}{'p99 ms':>9}")
    for f in figures:
        print(
            f"{f.server:20}{f.request:10}{f.per_s:12,.0f}{f.cpu_us:13.1f}"
            f"{f.p50_ms:9.2f}{f.p99_ms:9.2f}"
        )


if __name__ == "__main__":
    main()
