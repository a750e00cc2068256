"""Bodies that nobody meant: every answer is an answer, and the server goes on."""

import copy
import json
import random

OPERATIONS = {
    "add": {"ids": ["a", "b"], "embeddings": [[1, 0], [0, 1]], "metadatas": [{"n": 1}, None], "documents": ["x", None]},
    "upsert": {"ids": ["a"], "embeddings": ["AACAPwAAAAA="], "uris": ["u"]},
    "update": {"ids": ["a"], "embeddings": [None], "metadatas": [{"n": None}]},
    "get": {"ids": ["a"], "where": {"$and": [{"n": {"$gte": 1}}, {"s": "x"}]}, "limit": 3, "include": ["documents"]},
    "query": {"query_embeddings": [[1, 0]], "n_results": 3, "where_document": {"$or": [{"$contains": "x"}]}},
    "delete": {"where": {"n": {"$in": [1, 2]}}},
    "search": {"searches": [{"filter": {"n": 1}, "rank": {"$sum": [{"$knn": {"query": [1, 0]}}, {"$val": 1}]},
                             "limit": {"limit": 2, "offset": 0}, "select": {"keys": ["#score", "n"]}}]},
}
ODD = [None, True, -1, 0, 1.5, 1e400, 2 ** 63, "", "\u0000", "ä" * 300, "AAA=", "!!!!", [], {}, [[]], [None], {"": 1},
       {"$foo": 1}, {"$and": [{}]}, {"$regex": "(" * 50}, {"$contains": "x"}, [[1, 0], [1]], ["a", 1], [[1e39, 0]]]


def places(value, path=()):
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from places(inner, path + (key,))


def changed(chance, body):
    body = copy.deepcopy(body)
    for _ in range(chance.randrange(1, 4)):
        path = chance.choice(list(places(body)))
        if not path:
            continue
        holder = body
        for key in path[:-1]:
            holder = holder[key]
        if chance.random() < 0.2 and isinstance(holder, dict):
            del holder[path[-1]]
        else:
            holder[path[-1]] = copy.deepcopy(chance.choice(ODD))
    return body


def test_changed_bodies(fresh):
    seed = random.randrange(1 << 30)
    print("seed", seed)
    chance = random.Random(seed)
    identity = fresh.call("POST", "collections", {"name": "fuzz"})[1]["id"]
    fresh.call("POST", f"collections/{identity}/add", OPERATIONS["add"])
    for _ in range(1500):
        operation = chance.choice(list(OPERATIONS))
        body = changed(chance, OPERATIONS[operation])
        status, answer = fresh.call("POST", f"collections/{identity}/{operation}", body)
        assert status in (200, 201, 400, 422, 501), (operation, body, status, answer)
        if status >= 400:
            assert answer.keys() == {"error", "message"} and answer["message"], (operation, body, answer)
    assert fresh.call("GET", f"collections/{identity}/count")[0] == 200


def test_cut_and_flipped_bytes(fresh):
    seed = random.randrange(1 << 30)
    print("seed", seed)
    chance = random.Random(seed)
    identity = fresh.call("POST", "collections", {"name": "bytes"})[1]["id"]
    for _ in range(600):
        operation = chance.choice(list(OPERATIONS))
        data = bytearray(json.dumps(OPERATIONS[operation]).encode())
        for _ in range(chance.randrange(1, 4)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        body = bytes(data[:chance.randrange(len(data) + 1)] if chance.random() < 0.3 else data)
        status, answer = fresh.call("POST", f"collections/{identity}/{operation}", body)
        assert status in (200, 201, 400, 422, 501), (operation, body, status, answer)
    assert fresh.call("GET", f"collections/{identity}/count")[0] == 200
