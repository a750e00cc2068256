"""Sparse vectors in metadata, indexed by a schema and searched, by the official client."""

import json
from math import log

import chromadb
import pytest
from chromadb import K, Knn, Rrf, Schema, Search, SparseVectorIndexConfig
from chromadb import SparseEmbeddingFunction
from chromadb.base_types import SparseVector
from chromadb.utils.embedding_functions import register_sparse_embedding_function


def vector(**words):
    """Letters are dimensions."""
    pairs = sorted((ord(letter), float(weight)) for letter, weight in words.items())
    return SparseVector(indices=[index for index, _ in pairs], values=[value for _, value in pairs])


@pytest.fixture
def client(fresh):
    return chromadb.HttpClient(host="localhost", port=fresh.port)


def collection(client, bm25=False):
    schema = Schema().create_index(config=SparseVectorIndexConfig(bm25=bm25), key="words")
    made = client.create_collection("sparse", schema=schema, embedding_function=None)
    made.add(ids=["a", "b", "c", "none"], embeddings=[[1, 0], [0.9, 0.1], [0, 1], [0.5, 0.5]],
             metadatas=[{"words": vector(x=1, y=2), "n": 1}, {"words": vector(y=3), "n": 2},
                        {"words": vector(x=4, z=1), "n": 3}, {"n": 4}])
    return made


def ranked(collection, query, **more):
    found = collection.search(Search().rank(Knn(query=query, key="words", **more)).select(K.SCORE))
    return dict(zip(found["ids"][0], found["scores"][0]))


def test_the_score_is_one_minus_the_product(client):
    made = collection(client)
    assert ranked(made, vector(x=1, y=1)) == pytest.approx({"c": -3, "a": -2, "b": -2})
    assert list(ranked(made, vector(x=1, y=1), limit=1)) == ["c"]
    found = made.search(Search(where=K("n") < 3).rank(Knn(query=vector(x=1), key="words")))
    assert found["ids"] == [["a"]]


def test_rare_words_weigh_more_with_bm25(client):
    plain, weighed = vector(x=1, z=1), collection(client, bm25=True)
    scores = ranked(weighed, plain)
    # Of three records with a vector two have x, and one z, which multiplies them by ln(1 + (N - n + ½) / (n + ½)).
    documents = 3
    idf = {count: log(1 + (documents - count + 0.5) / (count + 0.5)) for count in (1, 2)}
    assert scores == pytest.approx({"a": 1 - idf[2], "c": 1 - 4 * idf[2] - idf[1]}, abs=1e-5)


def test_vectors_come_back_in_the_metadata_and_stand_in_the_file(client, fresh):
    made = collection(client)
    assert made.get(ids=["a"])["metadatas"] == [{"words": vector(x=1, y=2), "n": 1}]
    content = json.loads((fresh.mount / "sparse" / "a.json").read_text())
    assert content["vectors"]["words"] == {"indices": [120, 121], "values": [1, 2]}


def test_updates_change_and_remove_them(client):
    made = collection(client)
    made.update(ids=["a", "b", "missing"], metadatas=[{"words": vector(z=9)}, {"words": None}, {"words": vector(z=1)}])
    assert ranked(made, vector(y=1, z=1)) == pytest.approx({"a": -8, "c": 0})
    assert made.get(ids=["b"])["metadatas"] == [{"n": 2}]
    made.upsert(ids=["b", "new"], embeddings=[[1, 0], [0, 1]],
                metadatas=[{"words": vector(y=2)}, {"words": vector(y=1)}])
    assert ranked(made, vector(y=1)) == pytest.approx({"b": -1, "new": 0})
    made.delete(ids=["b"])
    assert ranked(made, vector(y=1)) == pytest.approx({"new": 0})


def test_fused_with_the_vectors(client):
    made = collection(client)
    fused = Rrf([Knn(query=[1.0, 0.0], return_rank=True), Knn(query=vector(x=1), key="words", return_rank=True)], k=1)
    found = made.search(Search().rank(fused).select(K.SCORE))
    # c is first among the words and last among the vectors, a is second and first.
    assert found["ids"][0][0] == "a" and set(found["ids"][0]) == {"a", "c"}


def test_they_are_found_after_a_restart(client, fresh):
    made = collection(client)
    before = ranked(made, vector(x=1, y=1))
    fresh.stop_adapter()
    fresh.stop_daemon()
    fresh.start_daemon()
    fresh.start_adapter()
    assert ranked(made, vector(x=1, y=1)) == pytest.approx(before)


def test_without_an_index_they_are_refused(client):
    made = client.create_collection("plain", embedding_function=None)
    with pytest.raises(Exception, match="Sparse vector is not supported"):
        made.add(ids=["a"], embeddings=[[1, 0]], metadatas=[{"words": vector(x=1)}])
    with pytest.raises(Exception, match="no index of sparse vectors for words"):
        made.search(Search().rank(Knn(query=vector(x=1), key="words")))
    schema = Schema().create_index(config=SparseVectorIndexConfig(), key="words")
    with pytest.raises(Exception, match="without an embedding_function, or bm25"):
        client.create_collection("bare", schema=schema, embedding_function=None)


@register_sparse_embedding_function
class Letters(SparseEmbeddingFunction):
    """How often a text has each letter."""

    def __init__(self):
        pass

    def __call__(self, input):
        return [vector(**{letter: text.count(letter) for letter in set(text)}) for text in input]

    @staticmethod
    def name():
        return "letters"

    def get_config(self):
        return {}

    @staticmethod
    def build_from_config(config):
        return Letters()


def test_a_function_makes_them_of_the_documents_and_of_queries(client):
    config = SparseVectorIndexConfig(source_key=K.DOCUMENT, embedding_function=Letters())
    schema = Schema().create_index(config=config, key="words")
    client.create_collection("made", schema=schema, embedding_function=None)
    made = client.get_collection("made", embedding_function=None)
    made.add(ids=["a", "b"], embeddings=[[1, 0], [0, 1]], documents=["xxy", "yz"])
    assert ranked(made, "xz") == pytest.approx({"a": -1, "b": 0})
