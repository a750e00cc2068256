"""What was acknowledged is there after a crash, and no batch is there in part."""

import random
import threading

import pytest

BATCH = 20


def write_until_it_fails(server, identity, thread, stop, acknowledged):
    number = 0
    while not stop.is_set():
        name = f"{thread}-{number}"
        body = {"ids": [f"{name}-{place}" for place in range(BATCH)],
                "embeddings": [[thread, number, place] for place in range(BATCH)],
                "metadatas": [{"batch": name}] * BATCH}
        try:
            if server.call("POST", f"collections/{identity}/add", body)[0] != 201:
                return
        except OSError:
            return
        acknowledged.append(name)
        number += 1


@pytest.mark.parametrize("victim", ["daemon", "adapter"])
def test_kill(victim, fresh):
    seed = random.randrange(1 << 30)
    print("seed", seed)
    chance = random.Random(seed)
    for _ in range(3):
        assert fresh.call("POST", "/api/v2/reset") == (200, True)
        identity = fresh.call("POST", "collections", {"name": "killed"})[1]["id"]
        stop, acknowledged = threading.Event(), []
        writers = [threading.Thread(target=write_until_it_fails, args=(fresh, identity, thread, stop, acknowledged))
                   for thread in range(3)]
        for writer in writers:
            writer.start()
        enough = chance.randrange(5, 60)
        while len(acknowledged) < enough and any(writer.is_alive() for writer in writers):
            stop.wait(0.005)
        if victim == "daemon":
            fresh.kill_daemon()
            stop.set()
            for writer in writers:
                writer.join()
            fresh.start_daemon()
        else:
            fresh.kill_adapter()
            stop.set()
            for writer in writers:
                writer.join()
            fresh.start_adapter()
        assert len(acknowledged) >= enough
        status, answer = fresh.call("POST", f"collections/{identity}/get", {"include": ["metadatas"]})
        assert status == 200, answer
        found = {}
        for metadata in answer["metadatas"]:
            found[metadata["batch"]] = found.get(metadata["batch"], 0) + 1
        assert set(acknowledged) <= set(found)
        assert set(found.values()) <= {BATCH}


def test_the_adapter_says_503_without_the_mount_and_recovers(fresh):
    identity = fresh.call("POST", "collections", {"name": "away"})[1]["id"]
    fresh.stop_daemon()
    status, answer = fresh.call("GET", f"collections/{identity}/count")
    assert status == 503 and answer["error"] == "ChromaError"
    assert fresh.call("GET", "/readyz")[0] == 503
    assert fresh.call("GET", "/livez")[0] == 200
    assert fresh.call("GET", "/api/v2/heartbeat")[0] == 200
    fresh.start_daemon()
    assert fresh.call("GET", f"collections/{identity}/count") == (200, 0)
    assert fresh.call("GET", "/readyz")[0] == 200
