"""Prints random hostile texts with the ids that Hugging Face's tokenizers give, one JSON object a line.

    tokenizer-cases.py MODEL_DIRECTORY COUNT SEED [LENGTH]
"""

import json
import random
import sys

from tokenizers import Tokenizer

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "[cls]", "[CLS", "CLS]", "[[SEP]]", "[ MASK ]", "##ing", "##"]
UNSEEN = ["\u200d", "\ufe0f", "\u00a0", "\u3000", "\u2028", "\ufeff", "\ufffd", "\u00ad", "\0", "\t\r\n"]
RANGES = [
    (0x00, 0x20), (0x20, 0x7F), (0x7F, 0x250), (0x250, 0x400), (0x400, 0x600), (0x600, 0x1000), (0x1000, 0x2000),
    (0x2000, 0x2100), (0x2100, 0x2C00), (0x2C00, 0x3400), (0x3400, 0xA000), (0xA000, 0xAC00), (0xAC00, 0xD7B0),
    (0xE000, 0xF900), (0xF900, 0xFB00), (0xFB00, 0x10000), (0x10000, 0x1D000), (0x1D000, 0x1F000), (0x1F000, 0x20000),
    (0x20000, 0x30000), (0x30000, 0x110000), (0x300, 0x370), (0x1AB0, 0x1B00), (0xFE00, 0xFE10),
]


def code_point(chance):
    """A random scalar value, every block with a fair share."""
    while True:
        first, last = chance.choice(RANGES)
        value = chance.randrange(first, last)
        if not 0xD800 <= value < 0xE000:
            return chr(value)


def fragment(chance, words):
    """A few characters of one kind."""
    kind = chance.randrange(12)
    if kind < 3:
        return chance.choice(words).replace("##", "")
    if kind == 3:
        return chance.choice(words).replace("##", "").swapcase()
    if kind == 4:
        return chance.choice(SPECIAL)
    if kind == 5:
        length = chance.choice([1, 5, 99, 100, 101, 130])
        return "".join(chance.choice("abcXYZ019éÉßİıſΣς") for _ in range(length))
    if kind == 6:
        return chance.choice(UNSEEN)
    if kind == 7:
        return "".join(chance.choice("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~") for _ in range(chance.randrange(1, 6)))
    return "".join(code_point(chance) for _ in range(chance.randrange(1, 8)))


def main():
    directory, count, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    longest = int(sys.argv[4]) if len(sys.argv) > 4 else 24
    chance = random.Random(seed)
    tokenizer = Tokenizer.from_file(f"{directory}/tokenizer.json")
    tokenizer.enable_truncation(256)
    tokenizer.no_padding()
    with open(f"{directory}/vocab.txt", encoding="utf-8") as file:
        words = file.read().split("\n")[999:-1]
    for _ in range(count):
        pieces = []
        for _ in range(chance.randrange(longest)):
            pieces.append(fragment(chance, words))
            if chance.random() < 0.5:
                pieces.append(" ")
        text = "".join(pieces)
        print(json.dumps({"text": text, "ids": tokenizer.encode(text).ids}, ensure_ascii=False, separators=(",", ":")))


main()
