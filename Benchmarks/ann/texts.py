"""English texts that a Debian machine has anyway: documentation, manual pages, docstrings, package descriptions."""

import ast
import glob
import gzip
import hashlib
import os
import re
import subprocess
import sys

SHORTEST, LONGEST = 60, 400
# Words that hardly any English paragraph is without; other languages and tables have few of them.
COMMON = frozenset("the of and to a in is for that with be are this it as or on by from an not can if".split())


def pieces(text):
    """Paragraphs of a text, long ones cut at the ends of sentences."""
    for paragraph in re.split(r"\n\s*\n", text):
        paragraph = " ".join(paragraph.split())
        while len(paragraph) > LONGEST:
            end = max(paragraph.rfind(mark, SHORTEST, LONGEST) for mark in (". ", "; ", ", "))
            end = end + 1 if end > 0 else LONGEST
            yield paragraph[:end].strip()
            paragraph = paragraph[end:].strip()
        yield paragraph


def is_english(piece):
    """Whether a piece reads like English prose: letters, words, and enough of the common ones."""
    if len(piece) < SHORTEST or not piece.isascii():
        return False
    letters = sum(character.isalpha() or character == " " for character in piece)
    if letters < 0.85 * len(piece):
        return False
    words = piece.lower().split()
    return len(words) >= 8 and sum(word in COMMON for word in words) >= len(words) / 10


def read(path):
    """A file's text, unpacked where it is packed; empty where it can't be read."""
    try:
        opener = gzip.open if path.endswith(".gz") else open
        with opener(path, "rb") as file:
            return file.read(2 << 20).decode("utf-8", "replace")
    except OSError:
        return ""


def below(folder):
    """The regular files below a folder, in one order on every machine."""
    for parent, folders, files in os.walk(folder):
        folders.sort()
        for name in sorted(files):
            path = os.path.join(parent, name)
            if not os.path.islink(path):
                yield path


def documentation():
    """Paragraphs of /usr/share/doc; licences repeat everywhere and say nothing."""
    for path in below("/usr/share/doc"):
        name = os.path.basename(path).lower()
        if name.startswith(("copyright", "license", "licence", "copying")) or "changelog" in name:
            continue
        if name.removesuffix(".gz").endswith((".html", ".htm")):
            yield from pieces(re.sub(r"<[^>]*>", " ", re.sub(r"</(p|li|h\d|div)>", "\n\n", read(path))))
        elif "." not in name.removesuffix(".gz") or name.removesuffix(".gz").endswith((".txt", ".md", ".rst")):
            yield from pieces(read(path))


def manual_pages():
    """Paragraphs of the English manual pages, without their markup."""
    for path in below("/usr/share/man"):
        if not re.match(r"/usr/share/man/man\d", path):
            continue
        text = re.sub(r"(?m)^[.'](\\\"|de|ig|nr|ds|if|ie|el|so|TH|IX|\s).*$", "", read(path))
        text = re.sub(r"(?m)^[.'](SH|SS|PP|P|LP|TP|IP|HP|Sh|Ss|Pp|It|sp|br|nf|fi|RS|RE)\b.*$", "\n\n", text)
        text = re.sub(r"(?m)^[.'][A-Za-z]{1,3} ?", "", text)
        text = re.sub(r"\\f(\[[^\]]*\]|\(..|.)", "", text)
        text = text.replace("\\-", "-").replace("\\&", "").replace("\\e", "\\")
        yield from pieces(re.sub(r"\\\(..|\\\[[^\]]*\]|\\s[-+]?\d|\\.", " ", text))


def docstrings():
    """Paragraphs of the docstrings of the Python libraries that are installed."""
    folders = sorted({*glob.glob("/usr/lib/python3*"), *(path for path in sys.path if os.path.isdir(path))})
    for folder in folders:
        for path in below(folder):
            if not path.endswith(".py"):
                continue
            try:
                tree = ast.parse(read(path))
            except (SyntaxError, ValueError, RecursionError):
                continue
            for node in ast.walk(tree):
                if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
                    yield from pieces(ast.get_docstring(node) or "")


def packages():
    """The descriptions of all packages that apt knows, with their names."""
    listing = subprocess.run(["apt-cache", "dumpavail"], capture_output=True, check=False).stdout
    for record in listing.decode("utf-8", "replace").split("\n\n"):
        name = re.search(r"(?m)^Package: (.*)$", record)
        description = re.search(r"(?ms)^Description(?:-en)?: (.*?)(?=^\S|\Z)", record)
        if name and description:
            yield from pieces(f"{name[1]}: " + description[1].replace("\n .\n", "\n\n"))


def dictionaries():
    """The entries of the dictionaries of dict(1), where there are any."""
    for path in sorted(glob.glob("/usr/share/dictd/*.dict*")):
        if path.endswith((".dict", ".dict.dz")):
            yield from pieces(gzip.open(path, "rt", errors="replace").read() if path.endswith("dz") else read(path))


def comments():
    """Paragraphs of the comments in C headers."""
    for path in below("/usr/include"):
        for block in re.findall(r"/\*+(.*?)\*/", read(path), re.S):
            yield from pieces(re.sub(r"(?m)^\s*\*", "", block))


SOURCES = (documentation, manual_pages, docstrings, packages, dictionaries, comments)


def collect(report):
    """Every English piece once, in the order of the sources; `report` is called with each source's name and count."""
    seen, found = set(), []
    for source in SOURCES:
        before = len(found)
        for piece in source():
            key = hashlib.sha1(re.sub(r"\W+", "", piece).lower().encode()).digest()
            if key not in seen and is_english(piece):
                seen.add(key)
                found.append(piece)
        report(source.__name__, len(found) - before)
    return found
