"""The two servers that are compared, each in a directory of its own."""

import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 300


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def status_value(pid, name):
    """A line of /proc/PID/status in MiB; 0 for a process that is gone."""
    try:
        for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith(name + ":"):
                return int(line.split()[1]) / 1024
    except OSError:
        pass
    return 0


class Server:
    """What both have: a port, processes, figures."""

    def __init__(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="vexfs-bench-"))
        self.data, self.port, self.processes = self.directory / "data", free_port(), []
        self.start()

    def run(self, *arguments):
        log = open(self.directory / "log", "ab")
        environment = os.environ | {"ANONYMIZED_TELEMETRY": "False", "SWIFT_BACKTRACE": "enable=no"}
        self.processes.append(subprocess.Popen(arguments, stdout=log, stderr=log, env=environment))

    def until(self, condition):
        end = time.monotonic() + PATIENCE_SECONDS
        while not condition():
            if time.monotonic() > end or any(process.poll() is not None for process in self.processes):
                sys.exit(f"{self.name} did not start:\n" + (self.directory / "log").read_text()[-2000:])
            time.sleep(0.002)

    def answers(self):
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            link.request("GET", "/api/v2/tenants/default_tenant")
            return link.getresponse().status == 200
        except OSError:
            return False
        finally:
            link.close()

    def stop(self):
        # What was started last depends on the others.
        for process in reversed(self.processes):
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(PATIENCE_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
        self.processes = []

    def close(self):
        self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    def resident(self):
        return round(sum(status_value(process.pid, "VmRSS") for process in self.processes))

    def disk(self):
        files = (file for file in self.data.rglob("*") if file.is_file())
        return round(sum(file.stat().st_blocks * 512 for file in files) / 2**20)

    def processor(self):
        """Seconds of CPU that the processes have used."""
        total = 0
        for process in self.processes:
            fields = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
            total += int(fields[11]) + int(fields[12])
        return total / os.sysconf("SC_CLK_TCK")


class Ours(Server):
    """The daemon, and the adapter on its mount."""

    name = "vexfs"

    def start(self):
        build = pathlib.Path(os.environ.get("VEXFS_BUILD", ROOT / ".build" / "release"))
        mount = self.directory / "mount"
        mount.mkdir(exist_ok=True)
        self.run(build / "vexfs-fuse", "mount", "--create", "-f", self.data, mount)
        self.until((mount / ".vexfs").is_dir)
        self.run(build / "vexfs-adapter", "--mount", mount, "--chroma-port", str(self.port), "--qdrant-port", "0")
        self.until(self.answers)


class Theirs(Server):
    """chromadb's own server."""

    name = "chromadb"

    def start(self):
        settings = {"port": self.port, "listen_address": "127.0.0.1", "persist_path": str(self.data)}
        file = self.directory / "config.yaml"
        file.write_text("".join(f"{key}: {json.dumps(value)}\n" for key, value in settings.items()))
        self.run(pathlib.Path(sys.executable).with_name("chroma"), "run", file)
        self.until(self.answers)
