"""What one request may ask for, and scores that are no numbers."""

import struct

import pytest

KNN = {"$knn": {"query": [1, 0], "limit": 10}}


@pytest.fixture
def searched(fresh):
    path = f"collections/{fresh.call('POST', 'collections', {'name': 'searched'})[1]['id']}"
    rows = {"ids": ["a", "b", "c"], "embeddings": [[1, 0], [0, 1], [1, 1]],
            "metadatas": [{"g": "x", "k": 1}, {"g": "x", "k": "s"}, {"g": "x", "k": True}]}
    assert fresh.call("POST", f"{path}/add", rows)[0] == 201
    return path


@pytest.mark.parametrize("operation, body", [
    ("search", {"searches": [{"rank": KNN}] * 1025}), ("search", {"searches": [{"rank": {"$sum": [KNN] * 1025}}]}),
    ("search", {"searches": [{"rank": {"$sum": [KNN] * 513}}] * 2}), ("query", {"query_embeddings": [[1, 0]] * 16385})])
def test_too_much_is_refused(fresh, searched, operation, body):
    status, answer = fresh.call("POST", f"{searched}/{operation}", body)
    assert status == 400 and "a request may have" in answer["message"]


def test_results_are_limited_by_what_is_there(fresh, searched):
    """All of a small collection may be asked for many times."""
    body = {"query_embeddings": [[1, 0]] * 2000, "n_results": 2**31, "include": []}
    status, answer = fresh.call("POST", f"{searched}/query", body)
    assert status == 200 and answer["ids"] == [["a", "c", "b"]] * 2000


def test_too_many_results_are_refused(fresh, searched):
    for start in range(0, 1000, 500):
        ids = [f"m{number}" for number in range(start, start + 500)]
        assert fresh.call("POST", f"{searched}/add", {"ids": ids, "embeddings": [[1, 0]] * 500})[0] == 201
    body = {"query_embeddings": [[1, 0]] * 10_000, "n_results": 2**31, "include": []}
    status, answer = fresh.call("POST", f"{searched}/query", body)
    assert status == 400 and "10000000 results" in answer["message"]


# Distances are 0, 1 and 2: what they are ranked by, and the scores.
@pytest.mark.parametrize("rank, ids, scores", [
    ({"$log": KNN}, ["a", "c", "b"], [None, 0, pytest.approx(0.6931472)]),
    ({"$log": {"$sub": {"left": KNN, "right": {"$val": 1}}}}, ["c", "b"], [None, pytest.approx(0, abs=1e-6)]),
    ({"$div": {"left": {"$val": 1}, "right": KNN}}, ["b", "c", "a"], [0.5, 1, None]),
    ({"$div": {"left": {"$val": 0}, "right": KNN}}, ["c", "b"], [0, 0]),
    ({"$exp": {"$mul": [{"$val": 1000}, KNN]}}, ["a", "c", "b"], [1, None, None]),
    ({"$log": {"$val": -1}}, [], [])])
def test_scores_that_are_no_numbers(fresh, searched, rank, ids, scores):
    body = {"searches": [{"rank": rank, "select": {"keys": ["#score"]}}]}
    status, found = fresh.call("POST", f"{searched}/search", body)
    assert status == 200 and found["ids"] == [ids] and found["scores"] == [scores]


def test_scores_have_the_digits_of_a_float(fresh, searched):
    body = {"searches": [{"rank": {"$knn": {"query": [0.9, 0.1]}}, "select": {"keys": ["#score"]}}]}
    for score in fresh.call("POST", f"{searched}/search", body)[1]["scores"][0]:
        assert len(repr(score)) <= 13 and struct.unpack("f", struct.pack("f", score))[0] == pytest.approx(score)


def test_groups_order_values_of_all_types(fresh, searched):
    group = {"keys": ["g"], "aggregate": {"$min_k": {"keys": ["k"], "k": 2}}}
    body = {"searches": [{"rank": KNN, "group_by": group}]}
    assert fresh.call("POST", f"{searched}/search", body)[1]["ids"] == [["a", "b"]]
