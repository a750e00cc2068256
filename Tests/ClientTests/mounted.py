"""A mounted store with an adapter before it, for tests."""

import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("VEXFS_BUILD", ROOT / ".build" / "debug"))
DATABASE = "/api/v2/tenants/default_tenant/databases/default_database"
TIMEOUT = 60


class Timeout(Exception):
    pass


def until(condition, what, seconds=TIMEOUT):
    """Waits for something that another process does; there is no other way to learn of it than to ask again."""
    end = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > end:
            raise Timeout(f"waited {seconds} s for {what}")
        time.sleep(0.02)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Mounted:
    """Daemon and adapter; both can be stopped, killed and started again."""

    def __init__(self, configuration=None, wrapper=()):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="vexfs-client-"))
        self.store, self.mount = self.directory / "store", self.directory / "mount"
        self.mount.mkdir()
        self.port, self.wrapper = free_port(), list(wrapper)
        self.configuration = self.directory / "adapter.json"
        self.configuration.write_text(json.dumps(configuration or {"allow_reset": True}))
        self.daemon = self.adapter = None
        self.start_daemon()
        try:
            self.start_adapter()
        except BaseException:
            self.close()
            raise

    # Daemon

    def start_daemon(self):
        log = open(self.directory / "daemon.log", "ab")
        arguments = [BUILD / "vexfs-fuse", "mount", "--create", "-f", self.store, self.mount]
        self.daemon = subprocess.Popen(arguments, stdout=log, stderr=log)
        until(lambda: (self.mount / ".vexfs").is_dir(), "the mount")

    def stop_daemon(self):
        self.daemon.send_signal(signal.SIGTERM)
        self.daemon.wait(TIMEOUT)

    def kill_daemon(self):
        self.daemon.kill()
        self.daemon.wait(TIMEOUT)
        subprocess.run(["fusermount3", "-u", "-z", self.mount], check=False, capture_output=True)

    # Adapter

    def start_adapter(self):
        log = open(self.directory / "adapter.log", "ab")
        arguments = [BUILD / "vexfs-adapter", "--mount", self.mount, "--chroma-port", str(self.port),
                     "--qdrant-port", "0", "--config", self.configuration]
        self.adapter = subprocess.Popen(self.wrapper + arguments, stdout=log, stderr=log)
        until(self.answers, "the adapter")

    def answers(self):
        assert self.adapter.poll() is None, (self.directory / "adapter.log").read_text()
        try:
            return self.call("GET", "/livez")[0] == 200
        except OSError:
            return False

    def stop_adapter(self):
        self.adapter.send_signal(signal.SIGTERM)
        self.adapter.wait(TIMEOUT)

    def kill_adapter(self):
        self.adapter.kill()
        self.adapter.wait(TIMEOUT)

    # Requests

    def call(self, method, path, body=None, headers=None, seconds=TIMEOUT):
        """Status and decoded body of one request on a connection of its own; a path without "/" is of the database."""
        path = path if path.startswith("/") else f"{DATABASE}/{path}"
        data = body if isinstance(body, (bytes, type(None))) else json.dumps(body).encode()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=seconds)
        try:
            connection.request(method, path, body=data, headers=headers or {})
            answer = connection.getresponse()
            content = answer.read()
            is_json = answer.headers.get("Content-Type") == "application/json"
            return answer.status, json.loads(content) if is_json else content.decode()
        finally:
            connection.close()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def close(self):
        try:
            if self.adapter.poll() is None:
                self.stop_adapter()
        finally:
            if self.daemon.poll() is None:
                self.daemon.send_signal(signal.SIGTERM)
                try:
                    self.daemon.wait(TIMEOUT)
                except subprocess.TimeoutExpired:
                    self.kill_daemon()
            shutil.rmtree(self.directory, ignore_errors=True)
