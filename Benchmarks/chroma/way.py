"""Where the time of one query goes: by the mount alone, and through the adapter.

usage: Benchmarks/chroma/way [--size N] [--dimension N] [--count N] [--anywhere]

All processes share one CPU, so that what is seen is work and not the waking of sleeping CPUs; --anywhere leaves them
free. Times are means in microseconds of --count requests, from the metrics of daemon and adapter and the caller's
clock. By the mount alone a program in C asks (frames.c), so that next to nothing of it is the caller's; by HTTP it is
Python.
"""

import argparse
import json
import os
import re
import struct
import subprocess
import time

from load import COLLECTIONS, Link, adding, vectors
from servers import ROOT, Ours

HELLO, GET, QUERY = 1, 0x24, 0x26
HEADER = struct.Struct("<4sHHIIQQ")


def frame(operation, body, binary=b""):
    text = json.dumps(body).encode()
    return HEADER.pack(b"VXR1", operation, 0, 0, len(text), len(binary), 0) + text + binary


def asking(vector, dimension):
    body = {"collection": "main", "vectors": {"part": 0}, "k": 10, "include": ["documents", "metadatas", "distances"],
            "parts": [{"dtype": "f32", "shape": [1, dimension], "offset": 0}]}
    return frame(QUERY, body, vector.astype("<f4").tobytes())


def getting(number):
    return frame(GET, {"collection": "main", "ids": [f"id{number}"], "include": ["documents", "metadatas", "vectors"]})


def built_client():
    """The program that asks without an adapter."""
    program = ROOT / ".build" / "benchmarks" / "frames"
    program.parent.mkdir(parents=True, exist_ok=True)
    source = ROOT / "Benchmarks" / "chroma" / "frames.c"
    subprocess.run(["cc", "-O2", "-Wall", "-Wextra", "-std=c11", "-o", program, source], check=True)
    return program


class Ways:
    def __init__(self, options):
        self.options, self.server = options, Ours()
        self.mount = self.server.directory / "mount"
        base, self.queries = vectors(options.size, options.dimension)
        self.link = Link(self.server)
        body = {"name": "main", "configuration": {"hnsw": {"space": "cosine"}}}
        self.path = f"{COLLECTIONS}/{self.link.call('POST', COLLECTIONS, body)['id']}"
        for start in range(0, options.size, 1000):
            numbers = range(start, min(start + 1000, options.size))
            self.link.call("POST", self.path + "/add", adding(base, numbers))
        self.settle()
        if not options.anywhere:
            self.pin({min(os.sched_getaffinity(0))})
        self.client = built_client()

    def settle(self):
        """Until no index is being built: the daemon uses next to no CPU for a second."""
        used = -1
        while self.server.processor() - used > 0.1:
            used = self.server.processor()
            time.sleep(1)

    def pin(self, processors):
        for process in [os.getpid()] + [process.pid for process in self.server.processes]:
            for thread in os.listdir(f"/proc/{process}/task"):
                os.sched_setaffinity(int(thread), processors)

    def metrics(self):
        """Sums in microseconds, by name."""
        text = (self.mount / ".vexfs" / "metrics").read_text()
        self.link.link.request("GET", "/metrics")
        text += self.link.link.getresponse().read().decode()
        found = dict(re.findall(r"^(\S+?_seconds_sum\S*) (\S+)$", text, re.MULTILINE))
        wanted = {"search": "vexfs_search_seconds_sum",
                  "ioctl": 'vexfs_fuse_operation_seconds_sum{operation="ioctl"}',
                  "handler": 'vexfs_adapter_request_seconds_sum{operation="chroma.query"}'}
        return {name: float(found.get(key, 0)) * 1e6 for name, key in wanted.items()}

    def measured(self, work):
        """Means in microseconds of what the metrics say while `work` does --count requests, and what it returns."""
        before = self.metrics()
        whole = work()
        after = self.metrics()
        return {"whole": whole} | {name: (after[name] - before[name]) / self.options.count for name in after}

    def run(self, ask):
        for number in range(200):
            ask(number)

        def work():
            start = time.perf_counter()
            for number in range(self.options.count):
                ask(number)
            return (time.perf_counter() - start) * 1e6 / self.options.count

        return self.measured(work)

    def ask(self, *arguments):
        """Has the program in C ask --count times, on the CPU of all."""
        def program(count):
            result = subprocess.run([self.client, *arguments, str(count)], capture_output=True, text=True, check=True)
            return json.loads(result.stdout)["mean"]

        program(200)
        return self.measured(lambda: program(self.options.count))

    def by_mount(self):
        requests = {
            "hello": [frame(HELLO, {})],
            "get of one id": [getting(number * 7919 % self.options.size) for number in range(300)],
            "query": [asking(vector, self.options.dimension) for vector in self.queries]}
        print("| by the mount alone, us | whole | the search with its records | more |\n|---|---|---|---|")
        print(f"| an ioctl that does nothing | {self.ask('info', self.mount / 'main')['whole']:.1f} | | |")
        for name, frames in requests.items():
            file = self.server.directory / "requests"
            file.write_bytes(b"".join(frames))
            for way, place in (("ioctl", self.mount), ("session", self.mount / ".vexfs" / "rpc" / "way")):
                took = self.ask(way, place, file)
                split = f"{took['search']:.1f} | {took['whole'] - took['search']:.1f}" if name == "query" else "| "
                print(f"| {name}, {'inline ioctl' if way == 'ioctl' else 'session file'} | {took['whole']:.1f} "
                      f"| {split} |")

    def print(self):
        self.by_mount()
        bodies = [json.dumps({"query_embeddings": [vector.tolist()], "n_results": 10}).encode()
                  for vector in self.queries]
        beat = self.run(lambda number: self.link.call("GET", "/api/v2/heartbeat"))["whole"]
        took = self.run(lambda number: self.link.call("POST", self.path + "/query", bodies[number % len(bodies)]))
        print("\n| one HTTP query | us |\n|---|---|")
        for name, value in (
                ("client, sockets and the server's loop", took["whole"] - took["handler"]),
                ("(a heartbeat, which is nothing else)", beat),
                ("adapter: parse, frame, print, and the way to the daemon", took["handler"] - took["ioctl"]),
                ("daemon: read the frame, write the answer's frame", took["ioctl"] - took["search"]),
                ("search and the records of the answer", took["search"]), ("whole", took["whole"])):
            print(f"| {name} | {value:.1f} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=20_000)
    parser.add_argument("--dimension", type=int, default=384)
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--anywhere", action="store_true")
    ways = Ways(parser.parse_args())
    try:
        ways.print()
    finally:
        ways.server.close()


if __name__ == "__main__":
    main()
