"""The answers that chromadb 1.5.9's server was recorded to give."""

import base64
import json
import pathlib
import re

import pytest

from mounted import ROOT

CASES = json.loads((ROOT / "Tests" / "Fixtures" / "chroma" / "cases.json").read_text())["scenarios"]
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
MASKS = {"nanosecond heartbeat": "<ns>", "num_threads": "<int>"}


def masked(value):
    if isinstance(value, str):
        return UUID.sub("<uuid>", value)
    if isinstance(value, list):
        return [masked(item) for item in value]
    if isinstance(value, dict):
        return {key: MASKS.get(key) or masked(item) for key, item in value.items()}
    return value


def by_content(value):
    """Rows in an order of their own: those of parallel arrays by their ids."""
    if isinstance(value, list):
        return sorted(value, key=lambda item: json.dumps(item, sort_keys=True))
    if not isinstance(value, dict) or not isinstance(value.get("ids"), list):
        return value
    ids = value["ids"]
    order = sorted(range(len(ids)), key=lambda place: json.dumps(ids[place]))
    rows = [key for key, column in value.items()
            if key != "include" and isinstance(column, list) and len(column) == len(ids)]
    return value | {key: [value[key][place] for place in order] for key in rows}


def same(left, right):
    numbers = (int, float)
    if isinstance(left, bool) or isinstance(right, bool) or not isinstance(left, numbers):
        if isinstance(left, list) and isinstance(right, list):
            return len(left) == len(right) and all(map(same, left, right))
        if isinstance(left, dict) and isinstance(right, dict):
            return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
        return type(left) is type(right) and left == right
    if isinstance(left, int) and isinstance(right, int):
        return left == right
    return isinstance(right, numbers) and abs(left - right) <= 1e-4 * max(1, abs(left), abs(right))


def body_of(step):
    if "raw" in step:
        return base64.b64decode(step["raw"])
    if "generate" in step:
        count, prefix = step["generate"]["count"], step["generate"]["prefix"]
        return {"ids": [f"{prefix}{place}" for place in range(count)],
                "embeddings": [[1.0, float(place)] for place in range(count)]}
    return step.get("body")


def answer_of(step, server, saved):
    path = re.sub(r"\$([A-Z]+)\b", lambda match: str(saved.get(match[1])), step["path"])
    path = "".join(part if part.isascii() else "" for part in path)
    status, answer = server.call(step["method"], path, body_of(step), step.get("hdr"))
    for name, field in step.get("save", {}).items():
        saved[name] = answer.get(field) if isinstance(answer, dict) else None
    if step.get("level") == "count":
        answer = len(answer)
    elif step.get("level") == "count_ids":
        answer = len(answer["ids"])
    return status, masked(answer)


def check(step, status, answer):
    expected = step["expect"]
    assert status == step["status"], (step["name"], answer)
    if isinstance(expected, dict) and expected.keys() == {"error", "message"}:
        assert answer["error"] == expected["error"], step["name"]
        return
    if step.get("unordered"):
        expected, answer = by_content(expected), by_content(answer)
    assert same(expected, answer), (step["name"], expected, answer)


@pytest.mark.parametrize("scenario", CASES, ids=lambda scenario: scenario["scenario"])
def test_answers_as_recorded(scenario, fresh):
    saved = {}
    for step in scenario["steps"]:
        result = answer_of(step, fresh, saved)
        # Where the recorded server refuses or errs, another answer is right too.
        if not step.get("optional"):
            check(step, *result)


@pytest.mark.parametrize("name", ["get", "where", "where_document", "query", "schema"])
def test_answers_are_the_same_after_a_restart(name, fresh):
    scenario = next(scenario for scenario in CASES if scenario["scenario"] == name)
    changing = ("/add", "/upsert", "/update", "/delete", "/collections")
    saved, reading = {}, []
    for step in scenario["steps"]:
        answer_of(step, fresh, saved)
        # What is asked before the records are there has another answer after them.
        if step["path"].endswith("/add"):
            reading = []
        elif not step["path"].endswith(changing) and not step.get("optional"):
            reading.append(step)
    assert reading
    fresh.stop_adapter()
    fresh.stop_daemon()
    fresh.start_daemon()
    fresh.start_adapter()
    for step in reading:
        check(step, *answer_of(step, fresh, saved))
