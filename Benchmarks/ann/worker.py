"""Runs one library in a process of its own and answers the driver's commands, one JSON object a line.

Started by run.py. Commands: `round TARGET THREADS`, `batch TARGET THREADS`, `curve`, `filter KIND SHARE`,
`filter none`.
A process for each library keeps their threads, memory and crashes apart; only one works at any time.
"""

import argparse
import ctypes
import importlib.metadata
import json
import os
import pathlib
import sys
import threading
import time

import numpy

import datasets
import peers

LEAST_SECONDS, MOST_SECONDS = 0.25, 2.0
PACKAGES = {"faiss": "faiss-cpu", "usearch": "usearch", "qdrant": "qdrant-edge-py"}


def anonymous_bytes():
    """Memory of this process that belongs to no file, after what was freed was given back."""
    ctypes.CDLL(None).malloc_trim(0)
    with open("/proc/self/status", encoding="ascii") as file:
        for line in file:
            if line.startswith("RssAnon:"):
                return int(line.split()[1]) * 1024
    return 0


class Worker:
    """One library with its index built, and the settings that reach the recall targets."""

    def __init__(self, options):
        self.options, self.name = options, options.peer
        self.data = datasets.DataSet(options.directory, options.data, options.rows)
        self.base, self.queries, self.truth = self.data.base, self.data.queries, self.data.truth()
        self.requests = [self.queries[number:number + 1] for number in range(len(self.queries))]
        self.peer = peers.PEERS[self.name](self.base.shape[1])
        self.stem = str(self.data.cache / f"{self.data.name}-{self.name}")
        self.filters = datasets.Filters(self.base, self.queries) if self.peer.filters else None
        self.filter = None
        self.settings = {}
        self.prepare_index()
        self.known = self.cached_settings()
        self.tune()

    # The index and the settings, from the cache where they are there.

    def prepare_index(self):
        facts = pathlib.Path(self.stem + ".json")
        if facts.exists() and not self.options.rebuild:
            self.facts = json.loads(facts.read_text())
            self.peer.load(self.stem + ".index")
            return
        before, start = anonymous_bytes(), time.monotonic()
        inserted = start
        if self.peer.filters:
            self.peer.create(self.stem + ".index")
            self.peer.insert(self.base, self.filters)
            inserted = time.monotonic()
        self.peer.build(self.base, 2)
        seconds, count = time.monotonic() - inserted, len(self.base)
        self.facts = {
            "build_vectors_per_second": round(count / seconds), "build_seconds": round(seconds, 2),
            "resident_bytes_per_vector": round((anonymous_bytes() - before) / count, 1),
            "load_at_build": round(os.getloadavg()[0], 1), "built": time.strftime("%Y-%m-%d %H:%M"),
        }
        if self.peer.filters:
            self.facts["insert_vectors_per_second"] = round(count / (inserted - start))
        self.peer.save(self.stem + ".index")
        self.facts["disk_bytes_per_vector"] = round(peers.size_on_disk(self.stem + ".index") / count, 1)
        facts.write_text(json.dumps(self.facts) + "\n")

    def cached_settings(self):
        path = pathlib.Path(self.stem + ".settings.json")
        return json.loads(path.read_text()) if path.exists() and not self.options.tune else {}

    def key(self, target):
        return f"{'-'.join(map(str, self.filter)) if self.filter else 'all'}-{target}"

    def tune(self):
        """The fastest setting that reaches each target; the most thorough one where none does."""
        for target in self.options.recall:
            key = self.key(target)
            if key not in self.known:
                self.known[key] = self.fastest(target)
                pathlib.Path(self.stem + ".settings.json").write_text(json.dumps(self.known) + "\n")
            setting = self.known[key]
            self.settings[target] = (setting, self.recall(setting, single=True))

    def fastest(self, target):
        reaching, best = [], (0, None)
        for family in self.peer.families(len(self.base)):
            low, high = 0, len(family)
            while low < high:
                middle = (low + high) // 2
                share = self.recall(family[middle])
                best = max(best, (share, middle, family[middle]), key=lambda entry: entry[0])
                if share >= target:
                    high = middle
                else:
                    low = middle + 1
            if low < len(family):
                reaching.append(family[low])
        if not reaching:
            return best[-1]
        if len(reaching) == 1:
            return reaching[0]
        # The best of alternating rounds: one alone may fall into a moment when the machine is busy.
        rates = [[self.one_at_a_time(setting, 1) for setting in reaching] for _ in range(3)]
        return reaching[int(numpy.argmax(numpy.max(rates, axis=0)))]

    # Measurements.

    def prepared(self, setting):
        """Configures the library; returns what its `single` takes for each query."""
        self.peer.configure(setting)
        if not self.peer.filters:
            return self.requests
        keywords = [None] * len(self.queries)
        if self.filter:
            kind, share = self.filter
            keywords = [self.peer.keyword(kind, share, number) for number in self.filters.set_of_query(kind)]
        return self.peer.requests(self.queries, keywords)

    def recall(self, setting, single=False):
        requests = self.prepared(setting)
        found = None if single or self.filter else self.peer.batch(self.queries, 2)
        if found is None:
            self.peer.begin_thread()
            found = [self.peer.single(request)[0] for request in requests]
        return datasets.recall(found, self.truth)

    def one_at_a_time(self, setting, threads):
        """Queries a second; every thread takes its share of the queries in a loop of its own."""
        requests = self.prepared(setting)
        rates, barrier = [0.0] * threads, threading.Barrier(threads)

        def loop(part):
            share, single = requests[part::threads], self.peer.single
            self.peer.begin_thread()
            barrier.wait()
            start, count, now = time.perf_counter(), 0, 0
            while now - start < LEAST_SECONDS:
                for request in share:
                    single(request)
                count += len(share)
                now = time.perf_counter()
                if now - start > MOST_SECONDS:
                    break
            rates[part] = count / (now - start)

        others = [threading.Thread(target=loop, args=(part,)) for part in range(1, threads)]
        for thread in others:
            thread.start()
        loop(0)
        for thread in others:
            thread.join()
        return sum(rates)

    def latencies(self, setting):
        """Microseconds of every query, one thread."""
        requests, times = self.prepared(setting), []
        self.peer.begin_thread()
        for request in requests:
            start = time.perf_counter_ns()
            self.peer.single(request)
            times.append((time.perf_counter_ns() - start) / 1000)
        return times

    def in_batches(self, setting, threads):
        """Queries a second of one call for all queries; None where there is no such call."""
        self.prepared(setting)
        if self.filter or self.peer.filters or self.peer.batch(self.queries[:2], threads) is None:
            return None
        start, count, now = time.perf_counter(), 0, 0
        while now - start < LEAST_SECONDS:
            self.peer.batch(self.queries, threads)
            count += len(self.queries)
            now = time.perf_counter()
        return count / (now - start)

    def curve(self):
        """Recall and queries a second, one thread, from fast to thorough."""
        families = self.peer.families(len(self.base))
        result = []
        for setting in families[len(families) // 2][::8]:
            share = self.recall(setting)
            rate = max(self.one_at_a_time(setting, 1) for _ in range(2))
            result.append({"recall": round(share, 5), "qps_1": round(rate, 1), **setting})
            if share >= 0.999:
                break
        return result

    # Commands.

    def points(self):
        return [
            {"recall_target": target, "recall": round(share, 5), "setting": setting}
            for target, (setting, share) in self.settings.items()
        ]

    def ready(self):
        package = PACKAGES.get(self.name.split("-")[0], self.name.split("-")[0])
        return {"name": self.name, "version": importlib.metadata.version(package), **self.facts,
                "points": self.points()}

    def answer(self, words):
        if words[0] in ("round", "batch"):
            setting, _ = self.settings[float(words[1])]
            threads = int(words[2])
            if words[0] == "batch":
                rate = self.in_batches(setting, threads)
                return {"qps": rate and round(rate, 1)}
            answer = {"qps": round(self.one_at_a_time(setting, threads), 1)}
            if threads == 1:
                times = sorted(self.latencies(setting))
                answer["p50_us"] = round(times[len(times) // 2], 1)
                answer["p99_us"] = round(times[int(len(times) * 0.99)], 1)
            return answer
        if words[0] == "curve":
            return {"curve": self.curve()}
        if words[0] == "filter":
            self.use_filter(*words[1:])
            return {"points": self.points()}
        raise ValueError(f"unknown command {words}")

    def use_filter(self, kind, share=None):
        self.filter = None if kind == "none" else (kind, float(share))
        self.truth = self.data.truth() if self.filter is None else self.filtered_truth()
        self.tune()

    def filtered_truth(self):
        kind, share = self.filter
        truth, sets = numpy.empty_like(self.data.truth()), self.filters.set_of_query(kind)
        for number in set(sets.tolist()):
            mine = sets == number
            truth[mine] = datasets.nearest(self.base, self.queries[mine], self.filters.rows(kind, share, number))
        return truth


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peer", required=True, choices=peers.PEERS)
    parser.add_argument("--directory", required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--rows", type=int)
    parser.add_argument("--recall", type=lambda text: [float(part) for part in text.split(",")], default=[0.95, 0.99])
    parser.add_argument("--rebuild", action="store_true")
    parser.add_argument("--tune", action="store_true")
    options = parser.parse_args()
    # What libraries print must not be taken for answers.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    worker = Worker(options)
    answers.write(json.dumps(worker.ready()) + "\n")
    for line in sys.stdin:
        answers.write(json.dumps(worker.answer(line.split())) + "\n")


if __name__ == "__main__":
    main()
