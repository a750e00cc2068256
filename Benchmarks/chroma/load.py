"""The load: what clients send, timed."""

import base64
import http.client
import json
import threading
import time

import numpy as np

COLLECTIONS = "/api/v2/tenants/default_tenant/databases/default_database/collections"
WORDS = "amber birch cedar delta ember flint grove heath ivory jetty knoll larch maple north ocean pearl".split()
FILTERS = {"none": None, "10 %": {"kind": 3}, "2.5 %": {"$and": [{"language": "en"}, {"rank": {"$lt": 100}}]},
           "90 %": {"kind": {"$ne": 3}}}


def passing(name, numbers):
    """Which records a filter lets through."""
    return {"none": numbers >= 0, "10 %": numbers % 10 == 3, "90 %": numbers % 10 != 3,
            "2.5 %": (numbers % 4 == 0) & (numbers % 1000 < 100)}[name]


def metadata(number):
    return {"kind": number % 10, "language": ("en", "de", "fr", "es")[number % 4], "rank": number % 1000,
            "public": number % 3 == 0}


def text(number):
    return " ".join(WORDS[(number * 5 + place * place + number // 7 * place) % len(WORDS)] for place in range(24))


def vectors(count, dimension, queries=200, seed=11):
    """Unit vectors around 200 centres, `[count x dimension]`, and queries of the same kind."""
    random = np.random.default_rng(seed)
    centres = random.standard_normal((200, dimension), dtype=np.float32)
    centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    directions = random.standard_normal((48, dimension), dtype=np.float32) / np.sqrt(dimension * 48)

    def draw(many):
        rows = centres[random.integers(0, 200, many)]
        rows = rows + 0.6 * random.standard_normal((many, 48), dtype=np.float32) @ directions
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    return draw(count), draw(queries)


class Link:
    """One kept connection."""

    def __init__(self, server):
        self.link = http.client.HTTPConnection("127.0.0.1", server.port, timeout=600)

    def call(self, method, path, body=None):
        data = body if isinstance(body, (bytes, type(None))) else json.dumps(body).encode()
        self.link.request(method, path, data, {"Content-Type": "application/json"})
        answer = self.link.getresponse()
        content = answer.read()
        if answer.status >= 300:
            raise RuntimeError(f"{method} {path}: {answer.status} {content[:200]!r}")
        return json.loads(content)


def adding(base, numbers, prefix="id"):
    packed = [base64.b64encode(base[number % len(base)].astype("<f4").tobytes()).decode() for number in numbers]
    body = {"ids": [f"{prefix}{number}" for number in numbers], "embeddings": packed,
            "documents": [text(number) for number in numbers], "metadatas": [metadata(number) for number in numbers]}
    return json.dumps(body).encode()


def timed(work):
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def rate(server, requests, threads, seconds):
    """Requests a second, and the median in milliseconds; the list is shared among threads, and repeated."""
    times, failures = [[] for _ in range(threads)], []
    gate = threading.Barrier(threads + 1)

    def work(number):
        link = Link(server)
        own = requests[number::threads]
        link.call("POST", *own[0])
        gate.wait()
        end = time.perf_counter() + seconds
        try:
            while time.perf_counter() < end:
                for request in own:
                    times[number].append(timed(lambda: link.call("POST", *request)))
                    if time.perf_counter() > end:
                        break
        except (RuntimeError, OSError) as failure:
            failures.append(failure)

    crew = [threading.Thread(target=work, args=(number,)) for number in range(threads)]
    for thread in crew:
        thread.start()
    gate.wait()
    start = time.perf_counter()
    for thread in crew:
        thread.join()
    if failures:
        raise failures[0]
    every = sorted(value for own in times for value in own)
    return len(every) / (time.perf_counter() - start), every[len(every) // 2] * 1000


class Load:
    """All measurements on one server; `figures` maps what was measured to a number."""

    def __init__(self, server, options, base, queries):
        self.server, self.options, self.base, self.queries = server, options, base, queries
        self.link, self.figures = Link(server), {}

    def create(self, name):
        body = {"name": name, "configuration": {"hnsw": {"space": "cosine"}}}
        return f"{COLLECTIONS}/{self.link.call('POST', COLLECTIONS, body)['id']}"

    def run(self):
        for batch, count in ((1, 300), (100, 30)):
            path = self.create(f"small-{batch}")
            bodies = [adding(self.base, range(turn * batch, (turn + 1) * batch)) for turn in range(count)]
            seconds = sum(timed(lambda body=body: self.link.call("POST", path + "/add", body)) for body in bodies)
            self.figures[f"add, batch {batch}, documents/s"] = count * batch / seconds
            self.link.call("DELETE", f"{COLLECTIONS}/small-{batch}")
        self.path = self.create("main")
        used, seconds = self.server.processor(), 0
        for start in range(0, len(self.base), 1000):
            body = adding(self.base, range(start, min(start + 1000, len(self.base))))
            seconds += timed(lambda: self.link.call("POST", self.path + "/add", body))
        self.figures["add, batch 1000, documents/s"] = len(self.base) / seconds
        self.figures["CPU of the load, s"] = self.server.processor() - used
        self.search()
        self.read_and_change()
        self.figures["RSS at the end, MB"] = self.server.resident()
        self.figures["disk at the end, MB"] = self.server.disk()
        self.restart()
        return self.figures

    def query(self, vector, where):
        body = {"query_embeddings": [vector.tolist()], "n_results": 10}
        return body | ({"where": where} if where else {})

    def search(self):
        numbers, scores = np.arange(len(self.base)), self.queries @ self.base.T
        for name, where in FILTERS.items():
            allowed, hits = passing(name, numbers), 0
            for place, vector in enumerate(self.queries[:50]):
                answer = self.link.call("POST", self.path + "/query", self.query(vector, where))
                best = np.argsort(np.where(allowed, -scores[place], 9), kind="stable")[:10]
                hits += len({f"id{number}" for number in best} & set(answer["ids"][0]))
            self.figures[f"recall@10, filter {name}"] = hits / 500
            requests = [(self.path + "/query", json.dumps(self.query(vector, where)).encode()) for vector in self.queries]
            for threads in (1, 4):
                each, median = rate(self.server, requests, threads, self.options.seconds)
                self.figures[f"query, filter {name}, {threads} thread{'s' * (threads > 1)}, QPS"] = each
                if threads == 1:
                    self.figures[f"query, filter {name}, p50 ms"] = median

    def read_and_change(self):
        wanted = [{"ids": [f"id{number}"], "include": ["documents", "metadatas", "embeddings"]}
                  for number in np.random.default_rng(3).integers(0, len(self.base), 300)]
        requests = [(self.path + "/get", json.dumps(body).encode()) for body in wanted]
        self.figures["get by id, 1 thread, QPS"] = rate(self.server, requests, 1, self.options.seconds)[0]
        changes = [timed(lambda: self.link.call("POST", self.path + "/update", {
            "ids": [f"id{number}"], "metadatas": [{"changed": number}]})) for number in range(200)]
        self.figures["update one id, p50 ms"] = float(np.median(changes)) * 1000
        removals = [timed(lambda: self.link.call("POST", self.path + "/delete", {"ids": [f"id{number}"]}))
                    for number in range(200)]
        self.figures["delete one id, p50 ms"] = float(np.median(removals)) * 1000

    def restart(self):
        self.server.stop()
        start = time.perf_counter()
        self.server.start()
        self.link = Link(self.server)
        self.link.call("POST", self.path + "/query", self.query(self.queries[0], None))
        self.figures["restart to the first query, s"] = time.perf_counter() - start
