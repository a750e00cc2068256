"""Where the time of one query goes: by the mount alone, and through the adapter.

usage: Benchmarks/chroma/way [--size N] [--dimension N] [--count N] [--anywhere]

All processes share one CPU, so that what is seen is work and not the waking of sleeping CPUs; --anywhere leaves them
free. Times are means in microseconds of --count requests, from the metrics of daemon and adapter and the caller's
clock; the part of the caller itself (Python) is measured on its own and given.
"""

import argparse
import fcntl
import json
import os
import re
import struct
import time

from load import COLLECTIONS, Link, adding, vectors
from servers import Ours

INLINE_BYTES = 16_383
FRAME = 3 << 30 | INLINE_BYTES << 16 | 0x5640
HELLO, QUERY = 1, 0x26
HEADER = struct.Struct("<4sHHIIQQ")


def frame(operation, body, binary=b""):
    text = json.dumps(body).encode()
    return HEADER.pack(b"VXR1", operation, 0, 0, len(text), len(binary), 0) + text + binary


def asking(vector, dimension):
    body = {"collection": "main", "vectors": {"part": 0}, "k": 10, "include": ["documents", "metadatas", "distances"],
            "parts": [{"dtype": "f32", "shape": [1, dimension], "offset": 0}]}
    return frame(QUERY, body, vector.astype("<f4").tobytes())


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
        self.root = os.open(self.mount, os.O_RDONLY | os.O_DIRECTORY)
        self.session = os.open(self.mount / ".vexfs" / "rpc" / "way", os.O_RDWR)

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

    def run(self, ask):
        """Means in microseconds: the whole, and what the metrics say."""
        for number in range(200):
            ask(number)
        before = self.metrics()
        start = time.perf_counter()
        for number in range(self.options.count):
            ask(number)
        whole = time.perf_counter() - start
        after = self.metrics()
        return {"whole": whole * 1e6 / self.options.count} | {
            name: (after[name] - before[name]) / self.options.count for name in after}

    def by_ioctl(self, request):
        buffer = bytearray(request)
        buffer.extend(bytes(INLINE_BYTES - len(request)))
        fcntl.ioctl(self.root, FRAME, buffer)
        if buffer[8:12] != bytes(4):
            raise RuntimeError(bytes(buffer[:400]))

    def by_session(self, request):
        os.write(self.session, request)
        answer = os.pread(self.session, 1 << 18, 0)
        if answer[8:12] != bytes(4):
            raise RuntimeError(answer[:400])

    def print(self):
        requests = [asking(vector, self.options.dimension) for vector in self.queries]
        hello = frame(HELLO, {})
        print("| by the mount alone, us | whole | the engine's search | more |\n|---|---|---|---|")
        for name, ask in (("inline ioctl", self.by_ioctl), ("session file", self.by_session)):
            empty = self.run(lambda number: ask(hello))
            print(f"| hello, {name} | {empty['whole']:.1f} | | |")
            query = self.run(lambda number: ask(requests[number % len(requests)]))
            more = query["whole"] - query["search"]
            print(f"| query, {name} | {query['whole']:.1f} | {query['search']:.1f} | {more:.1f} |")
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
        os.close(ways.root)
        os.close(ways.session)
        ways.server.close()


if __name__ == "__main__":
    main()
