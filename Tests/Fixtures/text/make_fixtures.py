#!/usr/bin/env python3
"""Computes what tokenizers and BM25 of other programs make of texts: analyzer_cases.jsonl, bm25_cases.jsonl.

Needs: pip install qdrant-edge-py fastembed (0.9.0 and 0.9.1 made the files here). No network beyond that: the stop
words of fastembed's model are the list that qdrant-edge has for English.
"""

import json
import pathlib
import random
import tempfile

import mmh3
from fastembed.sparse.bm25 import Bm25 as FastembedBm25
from qdrant_edge import Bm25, Bm25Config, DisabledStemmer, Language, SnowballLanguage, SnowballParams
from qdrant_edge import StopwordsSet, TokenizerType

FOLDER = pathlib.Path(__file__).parent
TOKENIZERS = {
    "word": TokenizerType.Word,
    "whitespace": TokenizerType.Whitespace,
    "prefix": TokenizerType.Prefix,
    "multilingual": TokenizerType.Multilingual,
}
TEXTS = [
    "",
    "   \t\n",
    "The quick brown foxes jumped over the lazy dogs, didn't they?",
    "Running runners ran; generously, generalizations of relational databases.",
    "state-of-the-art e-mail user@example.com 3.14 x=1_000 foo_bar snake_case",
    "Crème brûlée, naïve façade, Ærøskøbing, Łódź, Straße, ĳ ǆ ﬁne ﬀ",
    "ΣΟΦΟΣ Σ ΑΣ. ΟΔΥΣΣΕΥΣ' ΑΣ'Β Άλφα βήτα",
    "İstanbul ISPARTA ıspanak Diyarbakır",
    "Привет, мир! Ёлка зелёная стояла в лесах",
    "שלום עולם هذا كتاب والمدرسة हिन्दी भाषा में शब्द",
    "½ Ⅷ ② x² ⒈ ⑽ 12 ١٢٣ १२३",
    "emoji 👍🏽 and ‼ zero\u200bwidth soft\u00adhyphen combining e\u0301 a\u030a",
    "Der Donaudampfschiffahrtsgesellschaftskapitän und seine Häuser",
    "Les chevaux mangeaient lentement; l'été, aujourd'hui, où çà",
    "Los niños comían rápidamente las manzanas de la abuela",
    "A AN THE Any and any ANY i me my",
    "\u00a0no\u2003break\u3000spaces\u2028lines\u0085end",
    "1 12 123 1234 12345 a ab abc abcd abcde abcdef éé ééé",
    "한국어 텍스트 검색 엔진",
]


def random_texts(generator, count):
    """Words of code points from many blocks, so that classes and cases of all of them are met."""
    blocks = [(0x20, 0x7F), (0xA0, 0x250), (0x250, 0x300), (0x370, 0x530), (0x531, 0x590), (0x1E00, 0x2000)]
    blocks += [(0x2070, 0x20A0), (0x2150, 0x2190), (0x2460, 0x2500), (0x2C60, 0x2C80), (0x0900, 0x0980)]
    blocks += [(0x10A0, 0x1100)]
    for _ in range(count):
        text = ""
        for _ in range(generator.randrange(1, 12)):
            low, high = generator.choice(blocks)
            for _ in range(generator.randrange(1, 8)):
                text += chr(generator.randrange(low, high))
            text += generator.choice([" ", " ", ", ", "-", "\u3000", "_", "."])
        yield text


def settings():
    """Options of ours, and the same as the engine's configuration."""
    none = dict(stemmer=DisabledStemmer(), stopwords=StopwordsSet(languages=set(), custom=set()))
    for name in ("word", "whitespace", "prefix", "multilingual"):
        yield dict(tokenizer=name), dict(none, tokenizer=TOKENIZERS[name])
    for name in ("word", "whitespace", "prefix"):
        yield dict(tokenizer=name, lowercase=False), dict(none, tokenizer=TOKENIZERS[name], lowercase=False)
        yield (
            dict(tokenizer=name, asciiFolding=True, min=2, max=4),
            dict(none, tokenizer=TOKENIZERS[name], ascii_folding=True, min_token_len=2, max_token_len=4),
        )
    yield (
        dict(tokenizer="word", asciiFolding=True, lowercase=False),
        dict(none, tokenizer=TOKENIZERS["word"], ascii_folding=True, lowercase=False),
    )
    for language in ("english", "german", "french", "spanish", "russian", "turkish", "greek", "italian"):
        yield (
            dict(tokenizer="word", languages=[language], stemmer=language),
            dict(
                tokenizer=TOKENIZERS["word"],
                stopwords=StopwordsSet(languages={getattr(Language, language.title())}, custom=set()),
                stemmer=SnowballParams(getattr(SnowballLanguage, language.title())),
            ),
        )
    yield (
        dict(tokenizer="word", words=["Quick", "лес", "é"], languages=["english"], asciiFolding=True),
        dict(
            stemmer=DisabledStemmer(),
            stopwords=StopwordsSet(languages={Language.English}, custom={"Quick", "лес", "é"}),
            ascii_folding=True,
        ),
    )


def sparse(vector):
    pairs = sorted(zip((int(i) for i in vector.indices), (float(v) for v in vector.values)))
    return {"indices": [i for i, _ in pairs], "values": [v for _, v in pairs]}


def analyzer_cases():
    generator = random.Random(20)
    texts = TEXTS + list(random_texts(generator, 10))
    for ours, theirs in settings():
        model = Bm25(Bm25Config(**theirs))
        for text in texts:
            # Signs are letters to the engine's multilingual tokenizer, and its Russian stems keep the letter io.
            if ours["tokenizer"] == "multilingual" and text not in TEXTS[:4] + TEXTS[5:6] + TEXTS[12:16]:
                continue
            if ours.get("stemmer") == "russian" and "\u0451" in text.lower():
                continue
            yield {"options": ours, "text": text, "query": sparse(model.embed_query(text))["indices"]}


def bm25_cases():
    words = [line.split() for line in TEXTS]
    vocabulary = sorted({word for line in words for word in line})
    generator = random.Random(21)
    texts = TEXTS + [" ".join(generator.choices(vocabulary, k=generator.choice([3, 40, 400]))) for _ in range(10)]
    with tempfile.TemporaryDirectory() as folder:
        english = [word for word in candidates() if not stays(word)]
        (pathlib.Path(folder) / "english.txt").write_text("\n".join(english))
        python = FastembedBm25("Qdrant/bm25", specific_model_path=folder)
        engine = Bm25()
        for text in texts:
            case = {"text": text, "document": sparse(engine.embed_document(text))}
            case["query"] = sparse(engine.embed_query(text))["indices"]
            # fastembed's words have underscores and no marks, so it differs on a few texts.
            client = sparse(next(iter(python.embed(text))))
            case["fastembed"] = client
            yield case


def candidates():
    """The words between quotes in the engine's English list, as this repository has it."""
    source = (FOLDER / "../../../Sources/VexFS/Text/Stopwords/Stopwords+English.swift").read_text()
    return source.split('"""')[1].split()


def stays(word):
    config = Bm25Config(tokenizer=TokenizerType.Whitespace, stemmer=DisabledStemmer(), stopwords=Language.English)
    return list(Bm25(config).embed_query(word).indices) == [abs(mmh3.hash(word))]


def write(name, cases):
    with open(FOLDER / name, "w") as file:
        for case in cases:
            file.write(json.dumps(case, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    write("analyzer_cases.jsonl", analyzer_cases())
    write("bm25_cases.jsonl", bm25_cases())
