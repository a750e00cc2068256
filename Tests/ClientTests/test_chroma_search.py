"""The Search API, by the official client."""

import chromadb
import pytest
from chromadb.execution.expression import GroupBy, K, Knn, MinK, Rrf, Search


@pytest.fixture
def collection(fresh):
    client = chromadb.HttpClient(host="localhost", port=fresh.port)
    made = client.create_collection("searched", embedding_function=None)
    made.add(ids=["a", "b", "c", "d"], embeddings=[[1, 0], [0.9, 0.1], [0, 1], [0.5, 0.5]],
             documents=["apple", "banana", "cherry", "dates"],
             metadatas=[{"kind": "x", "n": 1}, {"kind": "x", "n": 2}, {"kind": "y", "n": 3}, {"kind": "y", "n": 4}])
    return made


def test_nearest_with_a_choice_of_fields(collection):
    search = Search().rank(Knn(query=[1.0, 0.0])).limit(2).select(K.DOCUMENT, K.SCORE, "n")
    found = collection.search(search)
    assert found["ids"] == [["a", "b"]] and found["documents"] == [["apple", "banana"]]
    assert found["metadatas"] == [[{"n": 1}, {"n": 2}]]
    assert found["scores"][0] == pytest.approx([0, 0.02], abs=1e-5)
    assert found["embeddings"] == [None]


def test_filters_on_metadata_ids_and_documents(collection):
    where = (K("n") >= 2) & K.ID.is_in(["a", "b", "c"]) & K.DOCUMENT.contains("an")
    assert collection.search(Search(where=where))["ids"] == [["b"]]
    assert collection.search(Search().limit(2, offset=1))["ids"] == [["b", "c"]]


def test_arithmetic_and_fusion(collection):
    twice = Knn(query=[1.0, 0.0]) * 2 + 1
    found = collection.search(Search().rank(twice).limit(1).select(K.SCORE))
    assert found["scores"][0] == pytest.approx([1])
    fused = Rrf([Knn(query=[1.0, 0.0], return_rank=True), Knn(query=[0.0, 1.0], return_rank=True)], k=1)
    found = collection.search(Search().rank(fused).select(K.SCORE))
    expected = {"a": -(1 + 1 / 4), "b": -(1 / 2 + 1 / 3), "d": -(1 / 3 + 1 / 2), "c": -(1 / 4 + 1)}
    assert dict(zip(found["ids"][0], found["scores"][0])) == pytest.approx(expected)


def test_groups(collection):
    search = Search().rank(Knn(query=[1.0, 0.0])).group_by(GroupBy(keys=K("kind"), aggregate=MinK(keys=K.SCORE, k=1)))
    assert collection.search(search)["ids"] == [["a", "d"]]


def test_several_searches_at_once(collection):
    found = collection.search([Search().rank(Knn(query=[1.0, 0.0])).limit(1),
                               Search().rank(Knn(query=[0.0, 1.0])).limit(1)])
    assert found["ids"] == [["a"], ["c"]]
