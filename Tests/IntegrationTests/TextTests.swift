import Foundation
import TestSupport
import Testing

/// What needs the embedding model; everything else brings its own vectors.
@Suite(.enabled(if: Environment.hasModel, "the embedding model is not installed"))
struct TextTests {
    static let texts = [
        "refunds.md": "Customers get their money back within fourteen days of sending the goods back.",
        "cats.txt": "A cat sleeps about fifteen hours a day, most of them in the sun.",
        "bread.json":
            "{\"text\": \"Knead the dough for ten minutes and let it rise.\", \"kind\": \"recipe\"}",
        "engine.json": "{\"document\": \"The engine overheats when the coolant pump fails.\", \"kind\": \"car\"}",
    ]

    static func filled(_ topic: String = #function) throws -> TestPath {
        let collection = try SharedMount.collection(topic)
        for (name, text) in texts { try (collection / name).write(text) }
        return collection
    }

    /// "An interrupted `close` of `.vexfs/bulk` fails with EINTR at once; lines that nobody has begun to store are
    /// dropped with the last descriptor, and the report says that the ingest was not finished."
    @Test func interruptedBulk() throws {
        let mount = try TestMount()
        let collection = try mount.collection()
        let script = """
            import errno, json, os, signal, sys
            def write(count):
                bulk = os.open(sys.argv[1] + "/.vexfs/bulk", os.O_WRONLY)
                for number in range(count):
                    text = " ".join(f"word{number * 31 + place}" for place in range(60))
                    line = (json.dumps({"id": f"t{number}", "text": text}) + "\\n").encode()
                    while line:
                        line = line[os.write(bulk, line):]
                return bulk
            bulk = write(1500)
            signal.pthread_sigmask(signal.SIG_SETMASK, [])
            signal.signal(signal.SIGALRM, lambda *_: None)
            signal.setitimer(signal.ITIMER_REAL, 0.1, 0.1)
            try:
                os.close(bulk)
            except OSError as error:
                print(errno.errorcode[error.errno])
            """
        let result = try run(["python3", "-c", script, collection.string], timeLimitSeconds: 120)
        #expect(result.lines == ["EINTR"], "\(result.errorText)")
        #expect(decodeObject(try (collection / ".vexfs/bulk").text())["finished"] as? Bool == false)
        // Unmounting waits for the batch that was being stored.
        try mount.remount()
        let names = try collection.list()
        #expect(names.count < 1500)
        for name in names { #expect(try (collection / name).state() == "ready") }
        #expect(try (collection / "query/k=2000/text=word31.ids").lines().count == names.count)
        try mount.close()
    }

    /// "A text document that is renamed to its name with `.json` behind it keeps its id and must be JSON: otherwise the
    /// rename fails with EINVAL, and nothing has changed."
    @Test func textBecomesJSONOfTheSameID() throws {
        let collection = try SharedMount.collection()
        let (text, json) = (collection / "w.md", collection / "w.md.json")
        try text.write("some words\n")
        #expect(failure { try text.rename(to: json) } == EINVAL)
        #expect(try collection.list() == ["w.md"])
        #expect(try text.text() == "some words\n")
        // Also where a document of that id would be replaced.
        let before = "{\"text\": \"there before\"}"
        try json.write(before)
        #expect(failure { try text.rename(to: json) } == EINVAL)
        #expect(try json.text() == before)
        let number = try text.stat().st_ino
        let new = "{\"text\": \"bread is baked here\"}"
        try text.write(new)
        try text.rename(to: json)
        #expect(try collection.list() == ["w.md.json"])
        #expect(try json.text() == new)
        #expect(try json.attribute("user.vexfs.id") == "w.md")
        #expect(try json.stat().st_ino == number)
        #expect(try (collection / "query/loaf.jsonl").lines().count == 1)
    }

    /// "A text file is embedded and found by its meaning; its bytes are kept."
    @Test func meaning() throws {
        let collection = try Self.filled()
        for (question, id) in [
            ("how do I get my money back", "refunds.md"), ("sleeping pets", "cats.txt"), ("baking at home", "bread"),
            ("why does my car get too hot", "engine"),
        ] {
            #expect(try (collection / "query/k=1" / (question + ".ids")).lines() == [id])
        }
        #expect(try (collection / "cats.txt").text() == Self.texts["cats.txt"])
        #expect(try (collection / "cats.txt").attribute("user.vexfs.dimensions") == "384")
        #expect(try (collection / "cats.txt").attribute("user.vexfs.model").contains("MiniLM"))
    }

    /// "A document is its own nearest neighbour: the same text as a query scores about 1."
    @Test func identity() throws {
        let collection = try Self.filled()
        let question = "A cat sleeps about fifteen hours a day, most of them in the sun."
        let hit = try #require(
            (collection / "query/k=1" / (question + ".jsonl")).lines().compactMap(Hit.init(line:)).first)
        #expect(hit.id == "cats.txt")
        #expect(hit.score > 0.99)
    }

    /// "`text=` forces a text that looks like something else."
    @Test func forcedText() throws {
        let collection = try Self.filled()
        #expect(try (collection / "query/k=1/text=k%3D3 cats asleep.ids").lines() == ["cats.txt"])
    }

    /// "A filter and a folder limit a search by text as any other."
    @Test func limits() throws {
        let collection = try Self.filled()
        #expect(try (collection / "query/where=kind:recipe/money back.ids").lines() == ["bread"])
        try (collection / "sub").makeDirectory()
        try (collection / "sub/dog.md").write("A dog barks at the postman.")
        #expect(try (collection / "sub/query/money back.ids").lines() == ["sub/dog.md"])
    }

    /// "A pinned search by text survives as a directory of symlinks."
    @Test func pinned() throws {
        let collection = try Self.filled()
        try (collection / "query/money back").makeDirectory()
        let names = try (collection / "query/money back").list()
        #expect(names.count == 4)
        #expect(names.first?.contains("refunds.md") == true)
        try (collection / "query/money back").removeDirectory()
    }

    /// "The front matter of a markdown file is metadata."
    @Test func frontMatter() throws {
        let collection = try SharedMount.collection()
        let text = "---\nlang: en\nyear: 2024\ntags: [a, b]\n---\n# Title\n\nBody of the note.\n"
        try (collection / "note.md").write(text)
        #expect(try (collection / "note.md").text() == text)
        #expect(try (collection / "query/where=lang:en,year>=2024,tags:b/note.ids").lines() == ["note.md"])
    }

    /// "`.grep` gives the line of a text file that has most of the query's words, and its number."
    @Test func lines() throws {
        let collection = try Self.filled()
        let line = try #require((collection / "query/k=1/sleeping pets.grep").lines().first)
        #expect(line.contains("cats.txt:1:A cat sleeps"))
        try (collection / "ports.md").write("# Ports\n\nShips lie here.\nThe lighthouse stands on a rock.\n\nEnd.\n")
        #expect(
            try (collection / "query/k=1/a lighthouse on rocks.grep").lines().first?
                .hasSuffix("ports.md:4:The lighthouse stands on a rock.") == true)
    }

    /// "`.md` and `.ctx` cite a long text file at the paragraph that has most of the query's words."
    @Test func passages() throws {
        let collection = try SharedMount.collection()
        let filling = String(repeating: "The harbour was full of ships that day.\n", count: 40)
        try (collection / "long.md").write("# Harbour\n\n\(filling)\nAn old man\nmended his nets.\n\n\(filling)")
        for format in ["md", "ctx"] {
            let answer = try (collection / "query/who mended the nets.\(format)").text()
            #expect(answer.contains("long.md:44 "), "\(answer)")
            #expect(answer.contains("\n> An old man\n> mended his nets.\n"))
        }
    }

    /// "Text that is longer than the model's window is embedded as far as it goes."
    @Test func longTexts() throws {
        let collection = try SharedMount.collection()
        let text = String(repeating: "The harbour was full of ships. ", count: 400)
        try (collection / "long.txt").write(text)
        #expect(try (collection / "long.txt").text() == text)
        #expect(try (collection / "long.txt").state() == "ready")
        #expect(try (collection / "query/boats in port.ids").lines() == ["long.txt"])
    }

    /// "An empty text file is kept, unindexed."
    @Test func blankTexts() throws {
        let collection = try SharedMount.collection()
        try (collection / "blank.txt").write(" \n\n ")
        #expect(try (collection / "blank.txt").text() == " \n\n ")
        #expect(try (collection / "blank.txt").state() == "unindexed")
    }
}
