import Foundation
import TestSupport
import Testing

@Suite struct BulkTests {
    /// "JSON Lines written to `.vexfs/bulk` become one document a line, named by `id`."
    @Test func ingest() throws {
        let collection = try SharedMount.collection()
        let lines = (0..<500).map { "{\"id\": \"b\($0)\", \"vector\": [\($0), 1, 0], \"text\": \"line \($0)\"}" }
        try (collection / ".vexfs/config.json").write("{\"metric\": \"euclidean\"}")
        try Self.write(lines, to: collection)
        #expect(try collection.list().count == 500)
        #expect(try collection.search([499, 1, 0], options: "k=1").first?.text == "line 499")
        #expect(try (collection / "b7.json").state() == "ready")
        #expect(decodeObject(try (collection / "b7.json").text())["text"] as? String == "line 7")
    }

    /// "The last line needs no line feed, and empty lines are skipped."
    @Test func lineEnds() throws {
        let collection = try SharedMount.collection()
        let text =
            "{\"id\":\"a\",\"vector\":[1,0]}\n\n{\"id\":\"b\",\"vector\":[1,1]}\r\n{\"id\":\"c\",\"vector\":[0,1]}"
        try (collection / ".vexfs/bulk").write(Array(text.utf8), flags: O_WRONLY)
        #expect(try collection.list() == ["a.json", "b.json", "c.json"])
    }

    /// "An id that exists is replaced by a bulk line."
    @Test func upsert() throws {
        let collection = try SharedMount.collection()
        try (collection / "a.json").write(document([1, 0]))
        try Self.write(["{\"id\": \"a\", \"vector\": [0, 1]}", "{\"id\": \"a\", \"vector\": [1, 1]}"], to: collection)
        #expect(try collection.list() == ["a.json"])
        #expect(try collection.search([1, 1]).count == 1)
        #expect(try #require(try collection.search([1, 1]).first).score > 0.99)
    }

    /// "Good lines are kept when others fail: `close` fails with EINVAL and reading `bulk` gives a report in
    /// JSON that names the bad lines."
    @Test func report() throws {
        let collection = try SharedMount.collection()
        let lines = [
            "{\"id\": \"a\", \"vector\": [1, 0]}", "{oops", "{\"id\": \"b\", \"vector\": [1, 0, 0]}",
            "{\"id\": \"c\", \"vector\": [0, 1]}", "[1, 2]",
        ]
        #expect(failure { try Self.write(lines, to: collection) } == EINVAL)
        #expect(try collection.list() == ["a.json", "c.json"])
        let report = try (collection / ".vexfs/bulk").text()
        let object = decodeObject(report)
        #expect(!object.isEmpty, "\(report)")
        #expect(report.contains("2") && report.contains("3") && report.contains("5"))
    }

    /// "A line without an id gets one."
    @Test func generatedIDs() throws {
        let collection = try SharedMount.collection()
        try Self.write(["{\"vector\": [1, 0]}", "{\"vector\": [0, 1]}"], to: collection)
        #expect(try collection.list().count == 2)
        #expect(try collection.search([1, 0]).count == 2)
    }

    /// "Ids that cannot be file names are escaped, and ids of more than 250 bytes become `~` and a hash; the
    /// true id is in `user.vexfs.id`."
    @Test func strangeIDs() throws {
        let collection = try SharedMount.collection()
        let long = String(repeating: "long", count: 100)
        let ids = [".dot", "per%cent", "tab\there", long]
        try Self.write(ids.map { "{\"id\": \(encodeJSON($0)), \"vector\": [1, 0]}" }, to: collection)
        let names = try collection.list()
        #expect(names.count == 4)
        #expect(names.contains("%2Edot.json") && names.contains("per%25cent.json") && names.contains("tab%09here.json"))
        let hashed = try #require(names.first { $0.hasPrefix("~") })
        #expect(hashed.utf8.count == 1 + 32 + 5)
        #expect(try (collection / hashed).attribute("user.vexfs.id") == long)
        #expect(Set(try collection.searchIDs([1, 0])) == Set(ids))
    }

    /// "Lines may be split over any number of writes."
    @Test func smallWrites() throws {
        let collection = try SharedMount.collection()
        let handle = try (collection / ".vexfs/bulk").open(O_WRONLY)
        let bytes = Array((0..<50).map { "{\"id\":\"s\($0)\",\"vector\":[1,\($0)]}\n" }.joined().utf8)
        for start in stride(from: 0, to: bytes.count, by: 7) {
            try handle.write(Array(bytes[start..<min(start + 7, bytes.count)]))
        }
        try handle.close()
        #expect(try collection.list().count == 50)
    }

    /// "Several writers may fill one collection at once."
    @Test func concurrentBulk() throws {
        let collection = try SharedMount.collection()
        let script = """
            cd '\(collection)' && for w in 1 2 3 4; do
                (for i in $(seq 300); do echo "{\\"id\\":\\"w$w-$i\\",\\"vector\\":[$w,$i]}"; done > .vexfs/bulk) &
            done; wait; ls | wc -l
            """
        #expect(try SharedMount.get().shell(script).lines == ["1200"])
    }

    static func write(_ lines: [String], to collection: TestPath) throws {
        try (collection / ".vexfs/bulk").write(Array((lines.joined(separator: "\n") + "\n").utf8), flags: O_WRONLY)
    }
}
