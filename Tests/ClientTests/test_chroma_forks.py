"""Forks, by the official client."""

import chromadb
import pytest
from chromadb.errors import ChromaError


@pytest.fixture
def client(fresh):
    return chromadb.HttpClient(host="localhost", port=fresh.port)


@pytest.fixture
def source(client):
    made = client.create_collection("source", embedding_function=None, metadata={"topic": "forks"},
                                    configuration={"hnsw": {"space": "l2"}})
    made.add(ids=["a", "b"], embeddings=[[1, 0], [0, 1]], documents=["one", "two"], metadatas=[{"n": 1}, {"n": 2}])
    return made


def contents(collection):
    found = collection.get(include=["documents", "metadatas", "embeddings"])
    vectors = [list(map(float, vector)) for vector in found["embeddings"]]
    return sorted(zip(found["ids"], found["documents"], map(str, found["metadatas"]), vectors))


def test_a_fork_begins_as_its_source_and_goes_on_alone(client, source):
    before = contents(source)
    fork = source.fork("branch")
    assert fork.name == "branch" and fork.id != source.id and fork.metadata == {"topic": "forks"}
    assert fork.configuration["hnsw"]["space"] == "l2"
    assert contents(fork) == before
    fork.upsert(ids=["b", "c"], embeddings=[[5, 5], [1, 1]], documents=["new", "three"])
    source.delete(ids=["a"])
    assert [entry[:2] for entry in contents(fork)] == [("a", "one"), ("b", "new"), ("c", "three")]
    assert [entry[:2] for entry in contents(source)] == [("b", "two")]
    assert fork.query(query_embeddings=[[1, 0]], n_results=1)["ids"] == [["a"]]
    assert client.get_collection("branch", embedding_function=None).id == fork.id
    twig = fork.fork("twig")
    client.delete_collection("source")
    client.delete_collection("branch")
    assert [entry[:2] for entry in contents(twig)] == [("a", "one"), ("b", "new"), ("c", "three")]


def test_a_fork_is_a_directory(fresh, source):
    source.fork("branch")
    assert (fresh.mount / "branch" / "a.json").read_bytes() == (fresh.mount / "source" / "a.json").read_bytes()


def test_names_are_checked(fresh, source):
    source.fork("x" * 400)
    assert fresh.call("GET", "collections/" + "x" * 400)[1]["name"] == "x" * 400
    with pytest.raises(ChromaError, match="already exists"):
        source.fork("source")
    for name, status in [("source", 409), ("x" * 400, 409), ("?", 400), (None, 422)]:
        assert fresh.call("POST", f"collections/{source.id}/fork", {"new_name": name})[0] == status
    nobody = "00000000-0000-4000-8000-000000000000"
    assert fresh.call("POST", f"collections/{nobody}/fork", {"new_name": "branch"})[0] == 404
    assert fresh.call("GET", f"collections/{nobody}/fork_count")[0] == 404


def test_forks_are_counted(fresh, client, source):
    assert fresh.call("GET", f"collections/{source.id}/fork_count") == (200, {"count": 0})
    source.fork("branch").fork("twig")
    for name in ["source", "branch", "twig"]:
        number = client.get_collection(name, embedding_function=None).id
        assert fresh.call("GET", f"collections/{number}/fork_count") == (200, {"count": 2})
    client.delete_collection("branch")
    assert fresh.call("GET", f"collections/{source.id}/fork_count") == (200, {"count": 1})
