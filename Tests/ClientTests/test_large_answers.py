"""Answers that are larger than what the mount gives at once."""

import threading

import pytest

from mounted import Mounted

MEGABYTE = 1_000_000


@pytest.fixture(scope="module")
def server():
    server = Mounted()
    yield server
    server.close()


def filled(server, name, count, document, step, dimension=2):
    path = f"collections/{server.call('POST', 'collections', {'name': name})[1]['id']}"
    for start in range(0, count, step):
        numbers = range(start, min(start + step, count))
        body = {"ids": [f"r{i}" for i in numbers], "embeddings": [[i] + [0.5] * (dimension - 1) for i in numbers],
                "documents": [document(i) for i in numbers],
                "metadatas": [{"n": i, "even": i % 2 == 0} for i in numbers],
                "uris": [f"u{i}" for i in numbers]}
        assert server.call("POST", f"{path}/add", body)[0] == 201
    return path


def peak_megabytes(server, process):
    text = open(f"/proc/{process.pid}/status").read()
    return int(text.split("VmHWM:")[1].split()[0]) // 1024


def test_documents_of_80_megabytes(server):
    """What one frame cannot carry comes whole, and a query for it says what to do."""
    path = filled(server, "documents", 80, lambda i: f"{i:03d}" + "x" * MEGABYTE, 10)
    open(f"/proc/{server.adapter.pid}/clear_refs", "w").write("5")
    status, got = server.call("POST", f"{path}/get", {"include": ["documents", "embeddings", "metadatas", "uris"]},
                              seconds=240)
    assert status == 200
    assert got["ids"] == [f"r{i}" for i in range(80)]
    assert [text[:3] for text in got["documents"]] == [f"{i:03d}" for i in range(80)]
    assert all(len(text) == MEGABYTE + 3 for text in got["documents"])
    assert [vector[0] for vector in got["embeddings"]] == list(range(80))
    assert [item["n"] for item in got["metadatas"]] == list(range(80))
    assert got["uris"][79] == "u79"
    assert peak_megabytes(server, server.adapter) < 300
    query = {"query_embeddings": [[1, 0.5]], "n_results": 80, "include": ["documents"]}
    status, answer = server.call("POST", f"{path}/query", query, seconds=240)
    assert status == 413 and "in pages" in answer["message"]
    assert server.call("GET", "/readyz")[0] == 200
    assert server.call("POST", f"{path}/query", {**query, "n_results": 5})[0] == 200


def test_pages_join(server):
    """Records beyond the first page, in their order, with every choice of columns and windows."""
    count = 3000
    path = filled(server, "pages", count, lambda i: f"document {i}" if i % 3 else None, 500, dimension=40)
    everything = {"include": ["documents", "embeddings", "metadatas", "uris"]}
    status, got = server.call("POST", f"{path}/get", everything)
    assert status == 200 and got["ids"] == [f"r{i}" for i in range(count)]
    assert [vector[0] for vector in got["embeddings"]] == list(range(count))
    assert all(len(vector) == 40 for vector in got["embeddings"])
    assert got["documents"] == [f"document {i}" if i % 3 else None for i in range(count)]
    assert [item["n"] for item in got["metadatas"]] == list(range(count))
    assert got["uris"] == [f"u{i}" for i in range(count)]
    assert got["include"] == everything["include"]
    for limit, offset in [(1024, 0), (1025, 0), (2000, 500), (5000, 1900), (10, 2995), (1024, 5000), (0, 0)]:
        got = server.call("POST", f"{path}/get", {"limit": limit, "offset": offset})[1]
        assert got["ids"] == [f"r{i}" for i in range(count)][offset:offset + limit], (limit, offset)
        assert len(got["documents"]) == len(got["metadatas"]) == len(got["ids"])
        assert got["embeddings"] is None and got["uris"] is None
    got = server.call("POST", f"{path}/get", {"where": {"even": True}, "include": []})[1]
    assert got["ids"] == [f"r{i}" for i in range(0, count, 2)]
    names = [f"r{i}" for i in range(count - 1, -1, -2)]
    got = server.call("POST", f"{path}/get", {"ids": names, "include": ["embeddings"]})[1]
    assert got["ids"] == [f"r{i}" for i in range(1, count, 2)]
    assert [vector[0] for vector in got["embeddings"]] == list(range(1, count, 2))


def test_pages_are_of_one_moment(server):
    """Deleting and adding meanwhile leaves no record out that was there throughout, and shows none twice."""
    count = 4000
    path = filled(server, "moving", count, lambda i: f"document {i}", 1000)
    done = threading.Event()

    def change():
        for start in range(0, 2000, 20):
            server.call("POST", f"{path}/delete", {"ids": [f"r{i}" for i in range(start, start + 20, 2)]})
            server.call("POST", f"{path}/add", {"ids": [f"new{start}"], "embeddings": [[1, 2]]})
        done.set()

    changer = threading.Thread(target=change)
    changer.start()
    stays = {f"r{i}" for i in range(count) if i >= 2000 or i % 2}
    reads = 0
    while not done.is_set() or reads == 0:
        got = server.call("POST", f"{path}/get", {"include": ["documents"]})[1]
        assert len(set(got["ids"])) == len(got["ids"]) == len(got["documents"])
        assert stays <= set(got["ids"])
        reads += 1
    changer.join()
