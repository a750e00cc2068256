import Foundation
import TestSupport
import Testing

@Suite struct IndexTests {
    private static let count = 20_000

    /// Points that are nowhere near each other.
    private static func vector(_ number: Int) -> [Float] {
        (0..<48).map { sin(Float(number % 1000) * (0.37 + 0.618 * Float($0)) + Float(number / 1000) * Float($0 + 1)) }
    }

    private static func fill(_ collection: TestPath) throws {
        try (collection / ".vexfs/config.json").write("{\"metric\": \"euclidean\", \"model\": \"none\"}")
        let lines = (0..<count).map { number in
            let numbers = vector(number).map { "\($0)" }.joined(separator: ",")
            return "{\"id\":\"d\(number)\",\"vector\":[\(numbers)],\"n\":\(number)}\n"
        }
        try (collection / ".vexfs/bulk").write(Array(lines.joined().utf8), flags: O_WRONLY)
    }

    private static func settle(_ collection: TestPath) throws {
        #expect(try (collection / ".vexfs/settle").text() == "ready\n")
    }

    private static func statistic(_ name: String, _ collection: TestPath) throws -> Double? {
        let line = try (collection / ".vexfs/stats").lines().first { $0.hasPrefix(name + " ") }
        return line.flatMap { Double($0.dropFirst(name.count + 1)) }
    }

    private static func explain(_ collection: TestPath, _ number: Int) throws -> [String: Any] {
        decodeObject(try (collection / "query/k=5/vec=\(base64url(vector(number)))/x.explain").text())
    }

    /// "A document is found at once, whether the index has taken it in yet or not; one that is gone never is."
    /// "Reading `.vexfs/settle` returns when no document waits for a vector and no part of the index is left to build."
    @Test func foundWithAndWithoutAnIndex() throws {
        let collection = try SharedMount.collection()
        try Self.fill(collection)
        for number in [0, 7, 9999, 19_999] {
            #expect(try collection.searchIDs(Self.vector(number), options: "k=1") == ["d\(number)"])
        }
        try Self.settle(collection)
        #expect(try #require(try Self.statistic("index_segments", collection)) >= 1)
        // These vectors are spread like noise, where a walk of the default breadth misses one in twenty.
        for number in [0, 7, 9999, 19_999] {
            #expect(try collection.searchIDs(Self.vector(number), options: "k=1,ef=2000") == ["d\(number)"])
        }
        try (collection / "d7.json").remove()
        #expect(try collection.searchIDs(Self.vector(7), options: "k=1") != ["d7"])
        let far = [Float](repeating: 9, count: 48)
        let text = far.map { "\($0)" }.joined(separator: ",")
        try (collection / "new.json").write("{\"vector\": [\(text)]}")
        #expect(try collection.searchIDs(far, options: "k=1") == ["new"])
    }

    /// "A few searches are repeated exactly in the background; `.vexfs/stats` tells the recall at 10 that they had."
    @Test func recallIsMeasured() throws {
        let collection = try SharedMount.collection()
        try Self.fill(collection)
        try Self.settle(collection)
        _ = try collection.searchIDs(Self.vector(4321))
        // The background looks for a sample every few seconds.
        let deadline = Date().addingTimeInterval(60)
        var recall: Double?
        while recall == nil, Date() < deadline {
            recall = try Self.statistic("recall_at_10", collection)
            usleep(50_000)
        }
        #expect(try #require(recall) >= 0.5)
        #expect(try Self.statistic("recall_samples", collection) == 1)
    }

    /// "The key `index` in `.vexfs/config.json` chooses the kind of index; it is rebuilt in the background, and
    /// searches go on."
    /// "`.explain` tells what each part of the index did, and whether the answer is exact."
    @Test func kindsOfIndex() throws {
        let collection = try SharedMount.collection()
        try Self.fill(collection)
        try Self.settle(collection)
        for kind in ["hnsw", "lists", "lsh", "flat", "default"] {
            try (collection / ".vexfs/config.json").write("{\"index\": {\"kind\": \"\(kind)\"}}")
            #expect(try collection.searchIDs(Self.vector(123), options: "k=1") == ["d123"])
            try Self.settle(collection)
            #expect(try collection.searchIDs(Self.vector(123), options: "k=1") == ["d123"])
            let explanation = try Self.explain(collection, 123)
            let parts = explanation["parts"] as? [String] ?? []
            #expect(parts.isEmpty == (kind == "flat"), "\(kind): \(parts)")
            if kind == "flat" { #expect(explanation["exact"] as? Bool == true) }
            let shown = decodeObject(try (collection / ".vexfs/config.json").text())["index"] as? [String: Any]
            #expect(shown?["kind"] as? String == kind)
        }
        #expect(failure { try (collection / ".vexfs/config.json").write("{\"index\": \"tree\"}") } == EINVAL)
    }

    /// "`.vexfs/stats` tells the parts of the index and the vectors outside them."
    /// "The index is there again after a remount; a damaged part of it is found, left out and built anew."
    /// "`fsck` names a damaged part of an index and exits 0: it costs no document."
    @Test func survivesARemountAndDamage() throws {
        let mount = try TestMount()
        let collection = try mount.collection()
        try Self.fill(collection)
        try Self.settle(collection)
        let segments = try Self.statistic("index_segments", collection)
        #expect(try #require(try Self.statistic("index_scanned_rows", collection)) < 16_384)
        try mount.unmount()
        try mount.mount()
        #expect(try Self.statistic("index_segments", collection) == segments)
        try mount.unmount()
        let file = try #require(try run(["find", mount.store + "/segments", "-type", "f"]).lines.first)
        let handle = try TestPath(file).open(O_RDWR)
        let byte = try handle.read(1, at: 8000)[0]
        try handle.write([byte ^ 0x40], at: 8000)
        try handle.close()
        let check = try run([Environment.binary, "fsck", mount.store])
        #expect(check.status == 0)
        #expect(check.text.contains("index, rows 0 to"), "\(check.text)\(check.errorText)")
        #expect(check.text.contains("nothing is lost, 1 parts of the index"), "\(check.text)\(check.errorText)")
        try mount.mount()
        #expect(try collection.list().count == Self.count)
        #expect(try collection.searchIDs(Self.vector(55), options: "k=1") == ["d55"])
        try Self.settle(collection)
        #expect(try #require(try Self.statistic("index_scanned_rows", collection)) < 16_384)
        try mount.unmount()
        #expect(try run([Environment.binary, "fsck", mount.store]).status == 0)
        try mount.close()
    }

    /// "After a mount, the indexes of fields, words and substrings that searches used are made in the background;
    /// `.vexfs/stats` tells how many of them are there. A search that comes earlier is answered all the same."
    @Test func preparedAfterAMount() throws {
        let mount = try TestMount()
        let collection = try mount.collection()
        try (collection / ".vexfs/config.json").write("{\"model\": \"none\"}")
        let lines = (0..<3000).map { number in
            "{\"id\":\"d\(number)\",\"text\":\"word w\(number % 100)\",\"vector\":[1,2],\"n\":\(number)}\n"
        }
        try (collection / ".vexfs/bulk").write(Array(lines.joined().utf8), flags: O_WRONLY)
        let paths = [
            "query/k=200,mode=text,where=n<200/w7.ids", "query/k=200,vec=\(base64url([1, 2])),where=n>=2999/x.ids",
        ]
        let before = try paths.map { try (collection / $0).lines().sorted() }
        #expect(before == [["d107", "d7"], ["d2999"]])
        #expect(try Self.statistic("prepared_indexes_wanted", collection) == 0)
        for isSettled in [false, true] {
            try mount.remount()
            if isSettled { try Self.settle(collection) }
            #expect(try paths.map { try (collection / $0).lines().sorted() } == before)
            try Self.settle(collection)
            // The words, the field, and its numbers in order.
            #expect(try Self.statistic("prepared_indexes", collection) == 3)
            #expect(try Self.statistic("prepared_indexes_wanted", collection) == 3)
            #expect(try Self.statistic("prepared_rows", collection) == 9000)
        }
        try mount.close()
    }
}
