#!/usr/bin/env python3
"""Builds the context of a prompt: the passages nearest to a question, with citations, within a budget of tokens.

Usage: rag-context.py MOUNTPOINT
"""

import os
import shutil
import sys

QUESTION = "The parcel never came. What do I do, and who pays?"
BUDGET_TOKENS = 200


def context(collection: str, question: str, budget: int) -> str:
    """What a model is to read before it answers. "/" and "%" cannot stand in a file name as they are."""
    name = question.replace("%", "%25").replace("/", "%2F")
    with open(f"{collection}/query/k=5,budget={budget}/{name}.ctx", encoding="utf-8") as file:
        return file.read()


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    mount = sys.argv[1]
    corpus = os.path.join(os.path.dirname(os.path.abspath(__file__)), "corpus", "handbook")
    collection = os.path.join(mount, f"example-rag-{os.getpid()}")
    os.mkdir(collection)
    try:
        for name in sorted(os.listdir(corpus)):
            shutil.copyfile(os.path.join(corpus, name), os.path.join(collection, name))

        passages = context(collection, QUESTION, BUDGET_TOKENS)
        prompt = (
            "Answer from the passages below and name the file you used.\n\n"
            f"{passages}\n\nQuestion: {QUESTION}\nAnswer:"
        )
        print(prompt)

        assert "lost-parcels.md" in passages, "the page about lost parcels is missing"
        # A token is about four bytes of English; headings and citations are part of the budget.
        assert len(passages) < BUDGET_TOKENS * 8, f"{len(passages)} bytes are too many for the budget"
        longer = context(collection, QUESTION, BUDGET_TOKENS * 4)
        assert len(longer) > len(passages), "a larger budget must hold more"
        print("\nok: the context fits and cites its source")
    finally:
        shutil.rmtree(collection)


if __name__ == "__main__":
    main()
