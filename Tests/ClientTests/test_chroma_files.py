"""Records are files, and files are records."""

import json
import os
import subprocess

import pytest


def collection(server, name, **more):
    status, made = server.call("POST", "collections", {"name": name} | more)
    assert status == 200, made
    return made["id"]


def test_a_record_is_a_file_of_the_collection(fresh):
    identity = collection(fresh, "files")
    body = {"ids": ["a", "b/c", "ä ö"], "embeddings": [[1, 0], [0, 1], [1, 1]], "documents": ["one", None, "three"],
            "metadatas": [{"n": 1}, None, {"tags": ["x", "y"]}]}
    assert fresh.call("POST", f"collections/{identity}/add", body)[0] == 201
    content = json.loads((fresh.mount / "files" / "a.json").read_text())
    assert content["text"] == "one" and content["metadata"] == {"n": 1}
    assert len(os.listdir(fresh.mount / "files")) == 3
    os.unlink(fresh.mount / "files" / "a.json")
    assert fresh.call("GET", f"collections/{identity}/count") == (200, 2)
    status, answer = fresh.call("POST", f"collections/{identity}/get", {})
    assert answer["ids"] == ["b/c", "ä ö"] and answer["documents"] == [None, "three"]


def test_what_a_shell_writes_is_got_and_queried(fresh):
    identity = collection(fresh, "shell")
    directory = fresh.mount / "shell"
    (directory / "x.json").write_text('{"vector": [1, 0], "text": "by hand", "lang": "en"}')
    (directory / "y.json").write_text('{"vector": [0, 1], "lang": "de"}')
    status, answer = fresh.call("POST", f"collections/{identity}/get", {"where": {"lang": "en"}})
    assert answer["ids"] == ["x"] and answer["documents"] == ["by hand"] and answer["metadatas"] == [{"lang": "en"}]
    status, answer = fresh.call("POST", f"collections/{identity}/query", {"query_embeddings": [[0, 1]]})
    assert answer["ids"] == [["y", "x"]] and answer["distances"][0] == pytest.approx([0, 2])


def test_a_directory_is_a_collection(fresh):
    os.mkdir(fresh.mount / "by-mkdir")
    status, found = fresh.call("GET", "collections/by-mkdir")
    assert status == 200 and found["configuration_json"]["hnsw"]["space"] == "cosine"
    body = {"ids": ["1"], "embeddings": [[3, 4]]}
    assert fresh.call("POST", f"collections/{found['id']}/add", body)[0] == 201
    assert os.path.exists(fresh.mount / "by-mkdir" / "1.json")
    os.rename(fresh.mount / "by-mkdir", fresh.mount / "moved")
    assert fresh.call("GET", "collections/moved")[1]["id"] == found["id"]
    assert fresh.call("GET", f"collections/{found['id']}/count") == (200, 1)
    assert fresh.call("DELETE", "collections/moved")[0] == 200
    assert not os.path.exists(fresh.mount / "moved")


def test_vectors_come_back_as_they_were_given(fresh):
    identity = collection(fresh, "given", configuration={"hnsw": {"space": "cosine"}})
    body = {"ids": ["a"], "embeddings": [[3, 0.1]]}
    assert fresh.call("POST", f"collections/{identity}/add", body)[0] == 201
    status, answer = fresh.call("POST", f"collections/{identity}/get", {"include": ["embeddings"]})
    assert answer["embeddings"] == [[3.0, 0.1]]


@pytest.mark.skipif(subprocess.run(["which", "strace"], capture_output=True).returncode != 0, reason="no strace here")
def test_the_adapter_opens_nothing_of_the_store(fresh):
    """Every file that the adapter opens while it works is below the mount."""
    trace = fresh.directory / "trace"
    follower = subprocess.Popen(
        ["strace", "-f", "-qq", "-e", "trace=%file", "-o", trace, "-p", str(fresh.adapter.pid)],
        stderr=subprocess.PIPE)
    try:
        identity = collection(fresh, "traced")
        body = {"ids": ["a"], "embeddings": [[1, 0]], "documents": ["seen"]}
        assert fresh.call("POST", f"collections/{identity}/add", body)[0] == 201
        for _ in range(50):
            assert fresh.call("POST", f"collections/{identity}/get", {})[1]["ids"] == ["a"]
    finally:
        follower.terminate()
        follower.wait()
    lines = [line for line in trace.read_text().splitlines() if '"' in line]
    assert not [line for line in lines if str(fresh.store) in line]
    # The runtime looks at what the machine is, and at nothing else.
    opened = [line for line in lines if "open" in line and "/sys/devices/system/cpu" not in line]
    assert all(str(fresh.mount) in line for line in opened), opened
