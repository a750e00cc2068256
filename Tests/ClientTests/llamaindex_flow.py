#!/usr/bin/env python3
"""LlamaIndex's vector store, unmodified, stores and retrieves: llamaindex_flow.py PORT DIRECTORY_OF_THE_COLLECTION"""

import pathlib
import sys

import chromadb
from llama_index.core import StorageContext, VectorStoreIndex
from llama_index.core.base.embeddings.base import BaseEmbedding
from llama_index.core.schema import Document
from llama_index.core.vector_stores import FilterOperator, MetadataFilter, MetadataFilters
from llama_index.vector_stores.chroma import ChromaVectorStore

from embed_texts import embed


class MountedModel(BaseEmbedding):
    """The model that the mount embeds with."""

    def _get_text_embedding(self, text):
        return embed([text])[0]

    def _get_text_embeddings(self, texts):
        return embed(texts)

    def _get_query_embedding(self, query):
        return embed([query])[0]

    async def _aget_query_embedding(self, query):
        return self._get_query_embedding(query)


port, directory = int(sys.argv[1]), pathlib.Path(sys.argv[2])
collection = chromadb.HttpClient(port=port).create_collection("handbook", embedding_function=None)
store = ChromaVectorStore(chroma_collection=collection)
documents = [Document(text="Refunds are paid within five days.", doc_id="refunds", metadata={"topic": "money"}),
             Document(text="Parcels leave the warehouse every morning.", doc_id="parcels",
                      metadata={"topic": "shipping", "stops": 3}),
             Document(text="A cracked jug is replaced free of charge.", doc_id="jug", metadata={"topic": "repairs"})]
index = VectorStoreIndex.from_documents(documents, storage_context=StorageContext.from_defaults(vector_store=store),
                                        embed_model=MountedModel())
assert collection.count() == 3 and len(list(directory.glob("*.json"))) == 3

found = index.as_retriever(similarity_top_k=1).retrieve("when do I get my money back")
assert [node.node.ref_doc_id for node in found] == ["refunds"] and 0 < found[0].score <= 1, found
filters = MetadataFilters(filters=[MetadataFilter(key="stops", value=2, operator=FilterOperator.GT)])
found = index.as_retriever(similarity_top_k=3, filters=filters).retrieve("when do I get my money back")
assert [node.node.ref_doc_id for node in found] == ["parcels"], found

index.delete_ref_doc("parcels")
assert collection.count() == 2 and len(list(directory.glob("*.json"))) == 2
# A second program finds what the first one stored.
again = VectorStoreIndex.from_vector_store(store, embed_model=MountedModel())
found = again.as_retriever(similarity_top_k=1).retrieve("something broke in my kitchen")
assert [node.node.ref_doc_id for node in found] == ["jug"], found
print("ok")
