"""What the server in front is strict about, and its own pages."""

import re
import socket
import threading
import time

import pytest

from mounted import Mounted


def raw(server, data, seconds=10):
    """All that comes back for bytes on a fresh connection."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=seconds) as link:
        link.sendall(data)
        received = b""
        try:
            while part := link.recv(65536):
                received += part
        except (TimeoutError, ConnectionResetError):
            pass
        return received


@pytest.mark.parametrize("head", [
    b"Content-Length: 2\r\nTransfer-Encoding: chunked", b"Content-Length: 2\r\nContent-Length: 3",
    b"Content-Length: 2\r\nContent-Length: 2", b"Content-Length : 2", b"Content-Length: +2", b"Content-Length: -2",
    b"Transfer-Encoding: gzip", b"Content-Length:\r\n 36", b"Content-Length: 2\r\nTransfer-Encoding:\r\n chunked",
    b"Transfer-Encoding: chunked\r\nContent-Length:\r\n 36", b"Content-Length: 2\r\nA(b): c",
    b"Content-Length: 2\r\nHost: localhost"])
def test_ambiguous_lengths_are_refused(mounted, head):
    answer = raw(mounted, b"POST /api/v2/tenants HTTP/1.1\r\nHost: localhost\r\n" + head + b"\r\n\r\n{}")
    assert answer.startswith(b"HTTP/1.1 400 "), answer


def test_a_request_names_the_server(mounted):
    answer = raw(mounted, b"GET /api/v2/version HTTP/1.1\r\nUser-Agent: x\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400 ") and answer.count(b"HTTP/1.1") == 1, answer
    answer = raw(mounted, b"GET /api/v2/version x HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400 "), answer
    assert raw(mounted, b"GET /api/v2/version HTTP/1.0\r\n\r\n").startswith((b"HTTP/1.0 200 ", b"HTTP/1.1 200 "))


def test_old_requests_have_no_chunks(mounted):
    chunks = b"2\r\n{}\r\n0\r\n\r\n"
    head = b"POST /api/v2/tenants HTTP/1.0\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    answer = raw(mounted, head + chunks)
    assert answer.startswith((b"HTTP/1.0 400 ", b"HTTP/1.1 400 ")), answer


def test_targets_may_name_the_server(mounted):
    for target in [b"http://localhost/api/v2/version", b"HTTP://localhost:8000/api/v2/version?a=b"]:
        answer = raw(mounted, b"GET " + target + b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert b'"1.0.0"' in answer, answer


def test_pages_of_others_are_kept_out(mounted):
    body = {"name": "evil"}
    for headers in [{"Origin": "http://evil.example"}, {"Origin": "null"}, {"Host": "evil.example"},
                    {"Origin": "http://localhost.evil.example"}, {"Host": "127.0.0.1.evil.example:80"},
                    {"Origin": "http://localhost@evil.example"}, {"Host": "10.0.0.1"}]:
        assert mounted.call("POST", "collections", body, headers)[0] == 403, headers
        assert mounted.call("GET", "collections", headers=headers)[0] == 403, headers
    for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
                 "text/plain; x=application/json"]:
        assert mounted.call("POST", "collections", body, {"Content-Type": kind})[0] == 415, kind
    assert mounted.call("GET", "collections/evil")[0] == 404
    for number, headers in enumerate([
            {}, {"Content-Type": "application/json; charset=utf-8"}, {"Content-Type": "APPLICATION/JSON"},
            {"Content-Type": "application/vnd.api+json"}, {"Origin": "http://localhost:3000"}, {"Host": "[::1]:9"},
            {"Host": "LOCALHOST"}, {"Origin": "https://127.1.2.3"}]):
        assert mounted.call("POST", "collections", {"name": f"good{number}"}, headers)[0] == 200, headers


def test_bodies_have_a_limit(mounted):
    head = b"POST /api/v2/tenants HTTP/1.1\r\nHost: localhost\r\nContent-Length: 50000000\r\n\r\n"
    assert raw(mounted, head).startswith(b"HTTP/1.1 413 ")


def test_connections_are_kept(mounted):
    request = b"GET /api/v2/version HTTP/1.1\r\nHost: localhost\r\n\r\n"
    last = b"GET /api/v2/version HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    assert raw(mounted, request * 3 + last).count(b'"1.0.0"') == 4


def test_a_request_has_a_deadline():
    server = Mounted({"request_seconds": 2})
    try:
        began = time.monotonic()
        with socket.create_connection(("127.0.0.1", server.port)) as link:
            link.sendall(b"POST /api/v2/tenants HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n")
            stop = threading.Event()

            def trickle():
                while not stop.wait(0.3):
                    try:
                        link.sendall(b" ")
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
        assert 1 < time.monotonic() - began < 8
    finally:
        server.close()


def test_metrics_and_health(mounted):
    assert mounted.call("GET", "/livez") == (200, "ok\n")
    assert mounted.call("GET", "/readyz") == (200, "ok\n")
    assert mounted.call("GET", "/healthz") == (200, "ok\n")
    assert mounted.call("GET", "/api/v2/tenants/default_tenant")[0] == 200
    status, text = mounted.call("GET", "/metrics")
    assert status == 200 and "vexfs_adapter_mount_up 1\n" in text
    assert re.search(r'vexfs_adapter_request_seconds_count\{operation="chroma.tenant.get"\} [1-9]', text)
    for line in text.splitlines():
        assert re.fullmatch(r'# .*|[a-z_]+(\{[^}]*\})? [0-9.e+-]+', line), line


@pytest.fixture(scope="module")
def guarded():
    server = Mounted({"users": [
        {"name": "root", "token": "secret-of-root"},
        {"name": "reader", "token": "secret-of-reader", "read_only": True},
        {"name": "acme", "token": "secret-of-acme", "tenants": ["acme"]}], "allow_reset": True})
    yield server
    server.close()


def as_user(name):
    return {"X-Chroma-Token": f"secret-of-{name}"}


def test_tokens(guarded):
    assert guarded.call("GET", "/api/v2/heartbeat")[0] == 401
    assert guarded.call("GET", "/metrics")[0] == 401
    assert guarded.call("GET", "/livez")[0] == 200
    assert guarded.call("GET", "/api/v2/heartbeat", headers=as_user("nobody"))[0] == 401
    assert guarded.call("GET", "/api/v2/heartbeat", headers=as_user("root"))[0] == 200
    bearer = {"Authorization": "Bearer secret-of-root"}
    assert guarded.call("GET", "/api/v2/auth/identity", headers=bearer)[1]["user_id"] == "root"
    spaced = (b"GET /api/v2/heartbeat HTTP/1.1\r\nHost: x\r\nX-Chroma-Token: secret-of-root \r\n"
              b"Connection: close\r\n\r\n")
    assert raw(guarded, spaced).startswith(b"HTTP/1.1 200 ")
    # With tokens, names of the server are for whoever runs it to choose.
    named = {"Host": "db.example", "Origin": "http://app.example"} | as_user("root")
    assert guarded.call("GET", "/api/v2/heartbeat", headers=named)[0] == 200


def test_bodies_without_a_token_are_not_kept(guarded):
    head = b"POST /api/v2/tenants HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n"
    # The answer comes before the body.
    assert raw(guarded, head % 30_000_000).startswith(b"HTTP/1.1 401 ")
    assert guarded.call("POST", "/api/v2/tenants", b" " * 500_000)[0] == 401
    assert guarded.call("POST", "/api/v2/nothing", b" " * 500_000)[0] == 404
    assert guarded.call("POST", "collections", b" " * 500_000, as_user("reader"))[0] == 403


def test_readers_only_read(guarded):
    status, made = guarded.call("POST", "collections", {"name": "read"}, as_user("root"))
    assert status == 200
    path = f"collections/{made['id']}"
    body = {"ids": ["a"], "embeddings": [[1]]}
    assert guarded.call("POST", f"{path}/add", body, as_user("reader"))[0] == 403
    assert guarded.call("POST", f"{path}/add", body, as_user("root"))[0] == 201
    assert guarded.call("POST", f"{path}/get", {}, as_user("reader"))[1]["ids"] == ["a"]
    assert guarded.call("DELETE", "collections/read", headers=as_user("reader"))[0] == 403
    assert guarded.call("POST", "/api/v2/reset", headers=as_user("reader"))[0] == 403


def test_tenants_are_apart(guarded):
    database = "/api/v2/tenants/acme/databases/main"
    assert guarded.call("POST", "/api/v2/tenants", {"name": "acme"}, as_user("acme"))[0] == 403
    assert guarded.call("POST", "/api/v2/tenants", {"name": "acme"}, as_user("root"))[0] == 200
    assert guarded.call("POST", "/api/v2/tenants/acme/databases", {"name": "main"}, as_user("acme"))[0] == 200
    status, own = guarded.call("POST", f"{database}/collections", {"name": "own"}, as_user("acme"))
    assert status == 200
    assert guarded.call("GET", f"{database}/collections/own", headers=as_user("acme"))[0] == 200
    assert guarded.call("GET", "collections", headers=as_user("acme"))[0] == 403
    status, other = guarded.call("POST", "collections", {"name": "other"}, as_user("root"))
    # An id of another tenant is not reached by way of the own one.
    assert guarded.call("POST", f"{database}/collections/{other['id']}/get", {}, as_user("acme"))[0] == 403
    assert guarded.call("GET", f"/api/v1/collections/{other['id']}/count", headers=as_user("acme"))[0] == 403
    assert guarded.call("GET", f"/api/v1/collections/{own['id']}/count", headers=as_user("acme"))[0] == 200
