#!/usr/bin/env python3
"""LangChain's vector store, unmodified, stores and retrieves: langchain_flow.py PORT DIRECTORY_OF_THE_COLLECTION"""

import pathlib
import sys

import chromadb
from langchain_chroma import Chroma
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings

from embed_texts import embed


class MountedModel(Embeddings):
    """The model that the mount embeds with."""

    def embed_documents(self, texts):
        return embed(texts)

    def embed_query(self, text):
        return embed([text])[0]


port, directory = int(sys.argv[1]), pathlib.Path(sys.argv[2])
store = Chroma(collection_name="handbook", client=chromadb.HttpClient(port=port), embedding_function=MountedModel(),
               collection_metadata={"hnsw:space": "cosine"})
documents = [Document("Refunds are paid within five days.", metadata={"topic": "money", "page": 1}),
             Document("Parcels leave the warehouse every morning.", metadata={"topic": "shipping", "page": 2}),
             Document("A cracked jug is replaced free of charge.", metadata={"topic": "repairs", "page": 3}),
             Document("Invoices are sent by e-mail.", metadata={"topic": "money", "page": 4})]
assert store.add_documents(documents, ids=["refunds", "parcels", "jug", "invoices"]) == \
    ["refunds", "parcels", "jug", "invoices"]
assert sorted(path.name for path in directory.glob("*.json")) == \
    ["invoices.json", "jug.json", "parcels.json", "refunds.json"]

question = "when do I get my money back"
assert store.similarity_search(question, k=1)[0].page_content == documents[0].page_content
found = store.similarity_search_with_relevance_scores(question, k=2, filter={"page": {"$gt": 1}})
assert [document.metadata["page"] for document, _ in found][0] == 4 and found[0][1] >= found[1][1], found
found = store.similarity_search(question, k=4, where_document={"$contains": "warehouse"})
assert [document.id for document in found] == ["parcels"], found
assert len(store.max_marginal_relevance_search(question, k=2, fetch_k=4)) == 2
retriever = store.as_retriever(search_kwargs={"k": 1, "filter": {"topic": "repairs"}})
assert retriever.invoke("my glass broke")[0].id == "jug"

store.update_document("jug", Document("A cracked jug is mended within a week.", metadata={"topic": "repairs"}))
assert store.get(ids=["jug"])["documents"] == ["A cracked jug is mended within a week."]
assert [document.id for document in store.get_by_ids(["parcels"])] == ["parcels"]
store.delete(ids=["parcels"])
assert not (directory / "parcels.json").exists()

# What a shell writes is retrieved too, embedded by the mount.
(directory / "opening.md").write_text("The shop opens at nine, also on Saturdays.\n")
assert store.similarity_search("opening hours on the weekend", k=1)[0].id == "opening.md"
print("ok")
