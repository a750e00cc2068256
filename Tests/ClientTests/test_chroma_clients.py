"""Unmodified clients of every generation, each from an environment of its own."""

import pathlib
import subprocess
import sys

import pytest

from mounted import ROOT

ENVIRONMENTS = ROOT / ".build" / "clients"
FLOW = pathlib.Path(__file__).with_name("chroma_flow.py")


@pytest.mark.parametrize("environment", ["chroma-0.4.24", "chroma-0.5.15", "chroma-0.5.23", "chroma-0.6.3",
                                         "chroma-1.0.15", "main"])
def test_flow(environment, fresh):
    python = ENVIRONMENTS / environment / "bin" / "python"
    done = subprocess.run([python, FLOW, str(fresh.port)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0 and done.stdout.startswith("ok"), done.stdout + done.stderr


def test_the_quickstart_embeds_in_the_client_and_finds_what_a_shell_wrote(fresh):
    """The client's own model and the mount's are the same one, so texts of both sides are found by meaning."""
    code = f"""
import chromadb
client = chromadb.HttpClient(port={fresh.port})
notes = client.create_collection("notes", metadata={{"hnsw:space": "cosine"}}, embedding_function=None)
print(notes.count())
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.stdout == "0\n", done.stderr
    directory = fresh.mount / "notes"
    (directory / "refunds.md").write_text("You get your money back within thirty days.\n")
    code, found = fresh.call("GET", "collections/notes")
    assert code == 200 and found["dimension"] == 384
    status, answer = fresh.call("POST", f"collections/{found['id']}/get", {"include": ["documents", "embeddings"]})
    assert status == 200 and answer["ids"] == ["refunds.md"]
    assert "money back" in answer["documents"][0]
    query = {"query_embeddings": answer["embeddings"], "n_results": 1}
    status, answer = fresh.call("POST", f"collections/{found['id']}/query", query)
    assert answer["ids"] == [["refunds.md"]] and answer["distances"][0][0] < 1e-3
