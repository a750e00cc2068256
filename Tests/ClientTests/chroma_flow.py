#!/usr/bin/env python3
"""What every Chroma client does, by an unmodified client of any version from 0.4.24 on: chroma_flow.py PORT"""

import sys

import chromadb



def refused(call, *words):
    """The call fails, and says why."""
    try:
        call()
    except Exception as error:  # every version has classes of its own
        assert not words or any(word in f"{type(error).__name__} {error}" for word in words), repr(error)
        return
    raise AssertionError(f"{call} should have been refused")


def collections(client):
    assert client.heartbeat() > 0
    client.reset()
    first = client.create_collection("first", metadata={"topic": "test"}, embedding_function=None)
    assert first.metadata == {"topic": "test"}
    again = client.get_or_create_collection("first", embedding_function=None)
    assert again.id == first.id
    refused(lambda: client.create_collection("first", embedding_function=None), "already exists")
    client.create_collection("second", embedding_function=None)
    names = sorted(str(item) if isinstance(item, str) else item.name for item in client.list_collections())
    assert names == ["first", "second"], names
    assert client.count_collections() == 2
    first.modify(name="renamed", metadata={"topic": "other"})
    assert client.get_collection("renamed", embedding_function=None).metadata == {"topic": "other"}
    client.delete_collection("second")
    refused(lambda: client.get_collection("second", embedding_function=None), "second", "not exist", "ValueError")
    return client.get_collection("renamed", embedding_function=None)


def records(collection):
    collection.add(ids=["a", "b", "c"], embeddings=[[1.0, 0, 0], [0, 1.0, 0], [0, 0, 2.0]],
                   documents=["apple pie", "banana bread", "Cherry cake"],
                   metadatas=[{"n": 1, "s": "x"}, {"n": 2, "s": "y"}, {"n": 3, "s": "z"}])
    assert collection.count() == 3
    assert collection.peek()["ids"] == ["a", "b", "c"]
    found = collection.get(ids=["a"], include=["embeddings", "documents", "metadatas"])
    assert found["documents"] == ["apple pie"] and found["metadatas"] == [{"n": 1, "s": "x"}]
    assert [float(value) for value in found["embeddings"][0]] == [1.0, 0.0, 0.0]
    assert collection.get(where={"n": {"$gte": 2}}, limit=1, offset=1)["ids"] == ["c"]
    assert collection.get(where_document={"$contains": "bread"})["ids"] == ["b"]
    answer = collection.query(query_embeddings=[[1.0, 0.1, 0.0]], n_results=2)
    assert answer["ids"] == [["a", "b"]] and abs(answer["distances"][0][0] - 0.01) < 1e-5
    answer = collection.query(query_embeddings=[[1.0, 0, 0], [0, 0, 1.0]], n_results=1, where={"s": {"$ne": "x"}})
    assert answer["ids"] == [["b"], ["c"]], answer
    collection.update(ids=["a"], documents=["apple tart"], embeddings=[[1.0, 0, 0]], metadatas=[{"n": 10}])
    collection.upsert(ids=["b", "d"], embeddings=[[0, 2.0, 0], [1.0, 1.0, 1.0]], documents=["bread", "dates"],
                      metadatas=[{"n": 20}, {"n": 4}])
    assert collection.count() == 4
    found = collection.get(ids=["a"])
    assert found["documents"] == ["apple tart"] and found["metadatas"] == [{"n": 10, "s": "x"}]
    refused(lambda: collection.add(ids=["e"], embeddings=[[1.0, 2.0]]), "dimension")
    collection.delete(ids=["a"])
    collection.delete(where={"n": {"$gt": 10}})
    assert sorted(collection.get()["ids"]) == ["c", "d"]


def tenants(port):
    """The ways to tenants differ; the calls of the admin client are the same since 0.4.15."""
    settings = chromadb.config.Settings(
        chroma_api_impl="chromadb.api.fastapi.FastAPI", chroma_server_host="localhost", chroma_server_http_port=port)
    admin = chromadb.AdminClient(settings)
    admin.create_tenant("acme")
    admin.create_database("main", tenant="acme")
    assert admin.get_database("main", tenant="acme")["name"] == "main"
    client = chromadb.HttpClient(host="localhost", port=port, tenant="acme", database="main")
    client.create_collection("apart", embedding_function=None)
    assert client.count_collections() == 1


def main():
    port = int(sys.argv[1])
    settings = chromadb.config.Settings(allow_reset=True, anonymized_telemetry=False)
    client = chromadb.HttpClient(host="localhost", port=port, settings=settings)
    records(collections(client))
    tenants(port)
    print("ok", chromadb.__version__)


main()
