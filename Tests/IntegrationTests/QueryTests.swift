import Foundation
import TestSupport
import Testing

/// Ten documents on a quarter circle: document `dN` is at N·10 degrees.
func quarterCircle(_ topic: String = #function) throws -> TestPath {
    let collection = try SharedMount.collection(topic)
    for index in 0..<10 {
        let angle = Double(index) * .pi / 18
        let metadata: [String: Any] = [
            "n": index, "parity": index % 2 == 0 ? "even" : "odd", "year": 2015 + index, "draft": index == 3,
            "tags": ["t\(index % 3)", "all"],
        ]
        try (collection / "d\(index).json").write(
            document([Float(cos(angle)), Float(sin(angle))], text: "Document number \(index).", metadata: metadata))
    }
    return collection
}

@Suite struct QueryTests {
    static let east = base64url([1, 0])

    /// "Reading a name below `query/` runs a search and returns the results, best first."
    /// "`.jsonl` has a line per result with `rank`, `score`, `id`, `file`, `text` and `metadata`."
    @Test func jsonLines() throws {
        let collection = try quarterCircle()
        let lines = try (collection / "query/vec=\(Self.east)/x.jsonl").lines()
        #expect(lines.count == 10)
        let first = decodeObject(lines[0])
        #expect(Set(first.keys) == ["rank", "score", "id", "file", "text", "metadata"])
        #expect(lines.map { decodeObject($0)["id"] as? String } == (0..<10).map { "d\($0)" })
        #expect(lines.map { decodeObject($0)["rank"] as? Int } == Array(1...10))
        #expect((first["metadata"] as? [String: Any])?["year"] as? Int == 2015)
        #expect(first["text"] as? String == "Document number 0.")
        let scores = try collection.search([1, 0]).map(\.score)
        #expect(scores == scores.sorted(by: >))
    }

    /// "Without a format a search answers in `.jsonl`."
    @Test func defaultFormat() throws {
        let collection = try quarterCircle()
        let path = "query/k=3/vec=\(Self.east)/x"
        #expect(try (collection / path).read() == (collection / (path + ".jsonl")).read())
    }

    /// "`.json` is one JSON object: `results` holds the same objects, and `why` says why there are none."
    @Test func json() throws {
        let collection = try quarterCircle()
        let answer = decodeJSON(try (collection / "query/k=3/vec=\(Self.east)/x.json").text())
        let hits = try #require(
            answer as? [[String: Any]] ?? (answer as? [String: Any])?["results"] as? [[String: Any]])
        #expect(hits.map { $0["id"] as? String } == ["d0", "d1", "d2"])
    }

    /// "`.ids` has an id and `.paths` a path per line, for `xargs`."
    @Test func names() throws {
        let collection = try quarterCircle()
        #expect(try (collection / "query/k=2/vec=\(Self.east)/x.ids").lines() == ["d0", "d1"])
        let paths = try (collection / "query/k=2/vec=\(Self.east)/x.paths").lines()
        #expect(paths.count == 2)
        #expect(paths.first?.hasSuffix("d0.json") == true)
        let script = "cd '\(collection)' && xargs cat < query/k=2/vec=\(Self.east)/x.paths"
        let fromRoot = "xargs cat < '\(collection)/query/k=2/vec=\(Self.east)/x.paths'"
        let mount = try SharedMount.get()
        #expect(try [mount.shell(script), mount.shell(fromRoot)].contains { $0.status == 0 && $0.lines.count == 2 })
    }

    /// "`.tsv` has a line per result with its fields between tabs; a tab or a line's end in a text never breaks
    /// a line."
    @Test func tabs() throws {
        let collection = try SharedMount.collection()
        try (collection / "a.json").write(document([1, 0], text: "one\ttwo\nthree"))
        try (collection / "b.json").write(document([0, 1], text: "four"))
        let lines = try (collection / "query/vec=\(Self.east)/x.tsv").lines()
        let rows = lines.filter { $0.contains("\ta\t") || $0.contains("\tb\t") }
        #expect(rows.count == 2)
        #expect(Set(lines.map { $0.split(separator: "\t", omittingEmptySubsequences: false).count }).count == 1)
    }

    /// "`.grep` has lines of the form `path:line:text`."
    @Test func grep() throws {
        let collection = try quarterCircle()
        let lines = try (collection / "query/k=1/vec=\(Self.east)/x.grep").lines()
        #expect(lines.count == 1)
        #expect(lines[0].hasSuffix("d0.json:1:Document number 0."))
    }

    /// "`.md` has excerpts with citations, and `.ctx` the same cut to `budget` tokens."
    @Test func markdown() throws {
        let collection = try quarterCircle()
        let all = try (collection / "query/vec=\(Self.east)/x.md").text()
        for index in 0..<10 { #expect(all.contains("Document number \(index).")) }
        #expect(all.contains("d0.json"))
        let cut = try (collection / "query/budget=40/vec=\(Self.east)/x.ctx").text()
        #expect(cut.contains("Document number 0."))
        #expect(!cut.contains("Document number 9."))
        #expect(cut.utf8.count < all.utf8.count)
    }

    /// "`.explain` tells the plan, the candidates and where the time went."
    @Test func explanation() throws {
        let collection = try quarterCircle()
        let text = try (collection / "query/k=2/vec=\(Self.east)/x.explain").text()
        for word in ["plan", "candidates"] { #expect(text.contains(word), "\(text)") }
        #expect(text.lowercased().contains("micro") || text.contains("µs") || text.contains("ms"))
    }

    /// "`k` limits the results and `offset` skips the best of them."
    @Test func paging() throws {
        let collection = try quarterCircle()
        #expect(try collection.searchIDs([1, 0], options: "k=3") == ["d0", "d1", "d2"])
        #expect(try collection.searchIDs([1, 0], options: "k=3,offset=2") == ["d2", "d3", "d4"])
        #expect(try collection.searchIDs([1, 0], options: "k=100,offset=9") == ["d9"])
        #expect(try collection.searchIDs([1, 0], options: "offset=10") == [])
        #expect(try collection.search([1, 0], options: "k=2,offset=4").map(\.rank) == [5, 6])
    }

    /// "`min` leaves out what scores worse."
    @Test func minimum() throws {
        let collection = try quarterCircle()
        #expect(try collection.searchIDs([1, 0], options: "min=0.95") == ["d0", "d1"])
    }

    /// "`mode=vector` and `mode=exact` give the same answer."
    @Test func modes() throws {
        let collection = try quarterCircle()
        let plain = try collection.searchIDs([1, 0])
        #expect(try collection.searchIDs([1, 0], options: "mode=exact") == plain)
        #expect(try collection.searchIDs([1, 0], options: "mode=vector,ef=100") == plain)
    }

    /// "`fields` chooses what an answer shows: `rank`, `score`, `id`, `file`, `text`, `metadata`, or keys of it."
    @Test func fields() throws {
        let collection = try quarterCircle()
        let lines = try (collection / "query/k=1,fields=year/vec=\(Self.east)/x.jsonl").lines()
        let metadata = decodeObject(lines[0])["metadata"] as? [String: Any]
        #expect(metadata.map { Array($0.keys) } == ["year"])
    }

    /// "`group` shows the best of each value of a field."
    @Test func groups() throws {
        let collection = try quarterCircle()
        #expect(try collection.searchIDs([1, 0], options: "group=parity") == ["d0", "d1"])
        #expect(try collection.searchIDs([1, 0], options: "group=parity,k=1") == ["d0"])
    }

    /// "`like=ID` searches by the vector of a stored document, which is itself left out."
    @Test func like() throws {
        let collection = try quarterCircle()
        let ids = try (collection / "query/like=d4,k=2/x.ids").lines()
        #expect(Set(ids) == ["d3", "d5"])
    }

    /// "Options may stand in one segment or in several."
    @Test func segmentsCombine() throws {
        let collection = try quarterCircle()
        let one = try (collection / "query/k=2,offset=1,vec=\(Self.east)/x.ids").lines()
        #expect(try (collection / "query/k=2/offset=1/vec=\(Self.east)/x.ids").lines() == one)
        #expect(one == ["d1", "d2"])
    }

    /// "`%XX` escapes any byte of an option or a text."
    @Test func escapes() throws {
        let collection = try SharedMount.collection()
        try (collection / "a.json").write(document([1, 0], metadata: ["path": "x/y,z:1"]))
        try (collection / "b.json").write(document([1, 0], metadata: ["path": "other"]))
        let filter = "where=path:x%2Fy%2Cz%3A1"
        #expect(try collection.searchIDs([1, 0], options: filter) == ["a"])
    }

    /// "`/query/` in the root searches all collections of the query's dimension; the answer's paths are absolute."
    @Test func acrossCollections() throws {
        let mount = try TestMount()
        for name in ["one", "two"] {
            try (mount / name).makeDirectory()
            try (mount / name / "\(name).json").write(document([1, 0, 0]))
        }
        let hits = try (mount / "query/k=5/vec=\(base64url([1, 0, 0]))/x.jsonl").lines().compactMap(Hit.init(line:))
        #expect(Set(hits.map { $0.file.dropFirst(mount.point.string.count + 1) }) == ["one/one.json", "two/two.json"])
        try mount.close()
    }

    /// "An open query answers from the moment it was first read; opening it again searches again."
    @Test func snapshotsWhileReading() throws {
        let collection = try quarterCircle()
        let path = collection / "query/k=1/vec=\(Self.east)/x.ids"
        let handle = try path.open(O_RDONLY)
        #expect(try handle.read(1, at: 0) == Array("d".utf8))
        try (collection / "d0.json").remove()
        #expect(try handle.read(10, at: 1) == Array("0\n".utf8))
        #expect(try path.lines() == ["d1"])
    }

    /// "A query has size 0 and is not a directory entry: `ls query/` shows only what was pinned or saved."
    @Test func queriesAreNotListed() throws {
        let collection = try quarterCircle()
        let path = collection / "query/k=1/vec=\(Self.east)/x.ids"
        _ = try path.read()
        #expect(try path.size() == 0)
        let listed = try (collection / "query").list()
        #expect(listed.filter { $0 != "saved" } == [])
    }

    /// "A query cannot be written, renamed or deleted."
    @Test func queriesAreReadOnly() throws {
        let collection = try quarterCircle()
        let path = collection / "query/k=1/vec=\(Self.east)/x.ids"
        #expect(failure { _ = try path.open(O_WRONLY) } != 0)
        #expect(failure { try path.remove() } != 0)
        #expect(failure { try path.rename(to: collection / "x.ids") } != 0)
    }

    /// "A search that finds nothing says why: in `.why` next to the answer, and in a comment line of `.md`."
    @Test func emptyAnswers() throws {
        let collection = try quarterCircle()
        let base = "query/min=2/vec=\(Self.east)/x"
        #expect(try (collection / (base + ".jsonl")).read() == [])
        #expect(try !(collection / (base + ".why")).text().isEmpty)
        #expect(try (collection / (base + ".md")).text().contains("<!--"))
    }

    /// "A search of an empty collection is an empty answer, not an error."
    @Test func emptyCollection() throws {
        let collection = try SharedMount.collection()
        #expect(try (collection / "query/vec=\(base64url([1, 0, 0]))/x.ids").read() == [])
    }

    /// "Two searches at once do not disturb each other."
    @Test func concurrentSearches() throws {
        let collection = try quarterCircle()
        let script = """
            cd '\(collection)' && for i in $(seq 40); do
                cat query/k=1/vec=\(Self.east)/x.ids & cat query/k=1/vec=\(base64url([0, 1]))/x.ids &
            done | sort | uniq -c; wait
            """
        let lines = try SharedMount.get().shell(script).lines.map { $0.trimmingCharacters(in: .whitespaces) }
        #expect(lines == ["40 d0", "40 d9"])
    }
}
