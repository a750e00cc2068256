"""Frameworks that store in Chroma, unmodified, each from an environment of its own."""

import pathlib
import subprocess
import sys

import pytest

from mounted import ROOT

HERE = pathlib.Path(__file__).parent


@pytest.mark.parametrize("framework", ["langchain", "llamaindex"])
def test_stores_and_retrieves(framework, fresh):
    python = ROOT / ".build" / "clients" / framework / "bin" / "python"
    done = subprocess.run([python, "-B", HERE / f"{framework}_flow.py", str(fresh.port), fresh.mount / "handbook"],
                          capture_output=True, text=True, timeout=200)
    assert done.returncode == 0 and done.stdout.startswith("ok"), done.stdout + done.stderr


def test_texts_are_found_by_what_the_client_embeds(fresh):
    """`query_texts`: the client's own model is the mount's, so it finds its own texts and those of a shell."""
    code = f"""
import chromadb
from chromadb import EmbeddingFunction
from embed_texts import embed

class MountedModel(EmbeddingFunction):
    def __init__(self): pass
    def __call__(self, input): return embed(input)
    @staticmethod
    def name(): return "default"
    @staticmethod
    def build_from_config(config): return MountedModel()
    def get_config(self): return {{}}

notes = chromadb.HttpClient(port={fresh.port}).create_collection("notes", embedding_function=MountedModel())
notes.add(ids=["parcels"], documents=["Parcels leave the warehouse every morning."])
open({str(fresh.mount / "notes" / "refunds.md")!r}, "w").write("You get your money back within thirty days.\\n")
answer = notes.query(query_texts=["how do refunds work", "when is it shipped"], n_results=1)
assert answer["ids"] == [["refunds.md"], ["parcels"]], answer
print("ok")
"""
    done = subprocess.run([sys.executable, "-B", "-c", code], cwd=HERE, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0 and done.stdout == "ok\n", done.stdout + done.stderr
