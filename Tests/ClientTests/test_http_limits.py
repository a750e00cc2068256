"""What clients who are slow, who leave and who ask for much cannot do to the others."""

import os
import pathlib
import re
import resource
import signal
import socket
import subprocess
import threading
import time

import pytest

from mounted import DATABASE, Mounted, until
from test_http import raw


@pytest.fixture
def limited():
    server = Mounted({"request_seconds": 2, "workers": 2, "max_held_body_bytes": 1 << 20, "allow_reset": True})
    yield server
    if server.daemon.poll() is None:
        server.daemon.send_signal(signal.SIGCONT)
    server.close()


# The request for the figures is one that is under way, too.
def metric(server, name):
    return float(re.search(rf"^{re.escape(name)} (\S+)$", server.call("GET", "/metrics")[1], re.MULTILINE)[1])


def test_bodies_have_a_limit_together():
    server = Mounted({"max_held_body_bytes": 1 << 20})
    try:
        head = b"POST /api/v2/tenants HTTP/1.1\r\nHost: localhost\r\nContent-Length: 800001\r\n\r\n"

        def is_refused():
            # Where the second is faster it is the first that finds no room.
            with socket.create_connection(("127.0.0.1", server.port)) as first:
                first.sendall(head + b" " * 800_000)
                return server.call("POST", "/api/v2/tenants", b" " * 800_000)[0] == 503

        until(is_refused, "a refusal")
        until(lambda: server.call("POST", "/api/v2/tenants", b" " * 800_000)[0] != 503, "room again")
    finally:
        server.close()


def test_silence_between_requests_is_no_request(limited):
    request = b"GET /api/v2/version HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with socket.create_connection(("127.0.0.1", limited.port), timeout=10) as link:
        link.sendall(request)
        assert b"1.0.0" in link.recv(1000)
        time.sleep(4)
        link.sendall(request)
        assert b"1.0.0" in link.recv(1000)
        # A request that never gets further than its first line is one.
        began = time.monotonic()
        stop = threading.Event()

        def trickle():
            while not stop.wait(0.3):
                try:
                    link.sendall(b"a")
                except OSError:
                    return

        writer = threading.Thread(target=trickle)
        writer.start()
        try:
            assert link.recv(1000) == b""
        except ConnectionResetError:
            pass
        stop.set()
        writer.join()
        assert time.monotonic() - began < 8


def large(server, records=40, size=250_000):
    """A collection whose documents together are larger than what the kernel buffers for a connection."""
    made = server.call("POST", "collections", {"name": "large"})[1]
    for start in range(0, records, 4):
        numbers = range(start, start + 4)
        part = {"ids": [f"r{i}" for i in numbers], "embeddings": [[1, i] for i in numbers],
                "documents": ["x" * size] * 4}
        assert server.call("POST", f"collections/{made['id']}/add", part)[0] == 201
    return f"{DATABASE}/collections/{made['id']}"


def test_answers_have_to_be_taken(limited):
    path = large(limited)
    link = socket.socket()
    link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
    link.settimeout(60)
    link.connect(("127.0.0.1", limited.port))
    link.sendall(f"POST {path}/get HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{{}}".encode())
    assert link.recv(100).startswith(b"HTTP/1.1 200 ")
    began, taken = time.monotonic(), 0
    with link:
        try:
            while time.monotonic() - began < 60 and (part := link.recv(100)):
                taken += len(part)
                time.sleep(0.1)
        except ConnectionResetError:
            pass
    assert taken < 1_000_000 and time.monotonic() - began < 60


def test_a_stopped_daemon_is_away_and_holds_nobody(limited):
    status, made = limited.call("POST", "collections", {"name": "stopped"})
    assert status == 200
    limited.daemon.send_signal(signal.SIGSTOP)
    until(lambda: limited.call("GET", "/readyz")[0] == 503, "the mount to be away", 20)
    path = f"{DATABASE}/collections/{made['id']}/count"
    links = [socket.create_connection(("127.0.0.1", limited.port)) for _ in range(8)]
    for link in links:
        link.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    until(lambda: metric(limited, "vexfs_adapter_requests_in_flight") == 3, "both workers to hang")
    assert limited.call("GET", "/livez") == (200, "ok\n")
    assert limited.call("GET", "/healthz")[0] == 503
    assert metric(limited, "vexfs_adapter_mount_up") == 0
    for link in links:
        link.close()
    limited.daemon.send_signal(signal.SIGCONT)
    until(lambda: limited.call("GET", "/readyz")[0] == 200, "the mount to be back")
    until(lambda: metric(limited, "vexfs_adapter_requests_in_flight") == 1, "the work to end")
    assert limited.call("GET", path) == (200, 0)


@pytest.mark.parametrize("signals", [1, 2])
def test_the_end_does_not_wait_for_a_stopped_daemon(limited, signals):
    limited.daemon.send_signal(signal.SIGSTOP)
    links = [socket.create_connection(("127.0.0.1", limited.port)) for _ in range(3)]
    for link in links:
        link.sendall(f"GET {DATABASE}/collections_count HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    until(lambda: metric(limited, "vexfs_adapter_requests_in_flight") == 3, "both workers to hang")
    limited.adapter.send_signal(signal.SIGTERM)
    log = limited.directory / "adapter.log"
    until(lambda: "stopping" in log.read_text(), "the end to begin")
    if signals == 2:
        limited.adapter.send_signal(signal.SIGTERM)
    began = time.monotonic()
    until(lambda: "with requests unanswered" in log.read_text(), "the end")
    assert (time.monotonic() - began < 8) == (signals == 2)
    # A question that the daemon has read before it stopped keeps the kernel from ending the thread that asked.
    limited.daemon.send_signal(signal.SIGCONT)
    assert limited.adapter.wait(30) == 0
    for link in links:
        link.close()


def test_a_hang_up_ends_it_or_is_ignored():
    server = Mounted()
    try:
        server.adapter.send_signal(signal.SIGHUP)
        assert server.adapter.wait(30) == 0
        server.wrapper = ["nohup"]
        server.start_adapter()
        server.adapter.send_signal(signal.SIGHUP)
        server.adapter.send_signal(signal.SIGTERM)
        assert server.adapter.wait(30) == 0
    finally:
        server.close()


def test_descriptors_are_kept_for_the_mount():
    server = Mounted(wrapper=("prlimit", "--nofile=256:256"))
    try:
        # Who comes first is surely among those that are taken.
        links = [socket.create_connection(("127.0.0.1", server.port), timeout=60)]
        links[0].sendall(b"GET /api/v2/version HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert b"1.0.0" in links[0].recv(1000)
        for _ in range(300):
            links.append(socket.create_connection(("127.0.0.1", server.port)))
        descriptors = f"/proc/{server.adapter.pid}/fd"
        until(lambda: len(os.listdir(descriptors)) >= 128, "all connections that may be")
        # It asks for what needs a descriptor for the mount.
        links[0].sendall(b"POST /api/v2/tenants HTTP/1.1\r\nHost: localhost\r\nContent-Length: 16\r\n\r\n"
                         b'{"name": "more"}')
        assert links[0].recv(1000).startswith(b"HTTP/1.1 200 ")
        assert "does not answer" not in (server.directory / "adapter.log").read_text()
        assert len(os.listdir(descriptors)) < 200
        for link in links:
            link.close()
        until(lambda: server.answers(), "connections to be taken again")
        assert server.call("GET", "collections")[0] == 200
    finally:
        server.close()


def test_threads_end_when_their_connections_are_gone(mounted):
    def threads():
        return len(os.listdir(f"/proc/{mounted.adapter.pid}/task"))

    request = b"GET /api/v2/version HTTP/1.1\r\nHost: localhost\r\n\r\n"
    links = [socket.create_connection(("127.0.0.1", mounted.port), timeout=10) for _ in range(60)]
    for link in links:
        link.sendall(request)
        assert b"1.0.0" in link.recv(1000)
    assert threads() > 60
    for link in links:
        link.close()
    until(lambda: threads() < 20, "the threads to end")


def test_more_descriptors_are_asked_for():
    server = Mounted(wrapper=("prlimit", "--nofile=200:1500"))
    try:
        limits = pathlib.Path(f"/proc/{server.adapter.pid}/limits").read_text()
        assert re.search(r"Max open files +1500 +1500", limits), limits
    finally:
        server.close()


def test_a_limit_above_what_the_mount_takes_is_refused():
    with pytest.raises(AssertionError, match="max_body_bytes"):
        server = Mounted({"max_body_bytes": 1 << 30})
        server.close()
