"""A store of its own, formatted, mounted and cleaned up, for benchmarks."""

import json
import os
import pathlib
import shutil
import struct
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get("VEXFS_BINARY", str(ROOT / ".build/release/vexfs-fuse"))


def answers(point, deadline=60):
    """Waits until something is mounted and answers; returns the seconds it took."""
    start = time.monotonic()
    while not os.path.ismount(point):
        if time.monotonic() - start > deadline:
            raise TimeoutError(f"nothing is mounted at {point}")
        time.sleep(0.0005)
    return time.monotonic() - start


class Mounted:
    """`with Mounted() as mount:` has mount.point, mount.store and mount.process."""

    def __init__(self, store=None, keep=False):
        self.directory = tempfile.mkdtemp(prefix="vexfs-bench-")
        self.point = os.path.join(self.directory, "mnt")
        self.store = store or os.path.join(self.directory, "store")
        self.process = None
        os.mkdir(self.point)
        if not os.path.exists(self.store):
            subprocess.run([BINARY, "format", self.store], check=True, stdout=subprocess.DEVNULL)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    def start(self):
        """Mounts; the daemon stays in the foreground, so that its process is known."""
        self.process = subprocess.Popen([BINARY, "mount", "-f", self.store, self.point], stderr=subprocess.DEVNULL)
        return answers(self.point)

    def stop(self):
        """Unmounts and waits for the daemon."""
        subprocess.run(["fusermount3", "-u", self.point], stderr=subprocess.DEVNULL)
        if self.process:
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                subprocess.run(["fusermount3", "-u", "-z", self.point])

    def path(self, *parts):
        return os.path.join(self.point, *parts)


class Vectors:
    """Reproducible random numbers, as the shortest text that gives back the same Float32."""

    def __init__(self, dimension, seed=1):
        self.dimension = dimension
        self.state = seed * 0x9E3779B97F4A7C15 % (1 << 64) or 1
        # Drawing from a pool of texts makes a million vectors in seconds; no two vectors are alike.
        self.pool = [self.shortest(self.draw() / 2.0**63 - 1) for _ in range(1 << 16)]

    def draw(self):
        self.state ^= self.state << 13 & (1 << 64) - 1
        self.state ^= self.state >> 7
        self.state ^= self.state << 17 & (1 << 64) - 1
        return self.state

    @staticmethod
    def shortest(value):
        single = struct.unpack("f", struct.pack("f", value / 12))[0]
        for digits in range(6, 10):
            text = f"{single:.{digits}g}"
            if struct.unpack("f", struct.pack("f", float(text)))[0] == single:
                return text
        return repr(single)

    def text(self):
        """One vector as JSON."""
        start, step = self.draw() & 0xFFFF, self.draw() & 0xFFFF | 1
        pool = self.pool
        return "[" + ",".join([pool[(start + step * i) & 0xFFFF] for i in range(self.dimension)]) + "]"


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def report(name, result):
    """Prints the result as one line of JSON, and writes it to Benchmarks/results."""
    load = os.getloadavg()[0]
    text = json.dumps({"benchmark": name, "cpus": os.cpu_count(), "load_1m": round(load, 2), **result})
    print(text)
    if load > (os.cpu_count() or 1):
        print(f"note: the machine is busy (load {load:.1f} on {os.cpu_count()} CPUs); only ratios mean much")
    folder = ROOT / "Benchmarks/results"
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.json").write_text(text + "\n")
