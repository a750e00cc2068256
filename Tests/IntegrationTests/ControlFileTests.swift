import Foundation
import TestSupport
import Testing

@Suite struct ControlFileTests {
    /// "`.vexfs/count` is the number of documents."
    @Test func count() throws {
        let collection = try quarterCircle()
        try (collection / "x.tmp").write("scratch")
        #expect(try (collection / ".vexfs/count").lines() == ["10"])
        try (collection / "d0.json").remove()
        #expect(try (collection / ".vexfs/count").lines() == ["9"])
    }

    /// "`.vexfs/info.json` describes the collection in JSON, `.vexfs/stats` its numbers as one name and value a line."
    @Test func descriptions() throws {
        let collection = try quarterCircle()
        let info = try (collection / ".vexfs/info.json").text()
        #expect(decodeJSON(info) is [String: Any], "\(info)")
        #expect(info.contains("cosine"))
        let numbers = try (collection / ".vexfs/stats").lines()
        #expect(numbers.contains("documents 10"))
        #expect(numbers.allSatisfy { $0.split(separator: " ").count == 2 })
    }

    /// "`.vexfs/config.json` can be read, and written with all keys or with some."
    @Test func configuration() throws {
        let collection = try SharedMount.collection()
        #expect(decodeObject(try (collection / ".vexfs/config.json").text())["metric"] as? String == "cosine")
        try (collection / ".vexfs/config.json").write("{\"metric\": \"manhattan\"}")
        let text = try (collection / ".vexfs/config.json").text()
        #expect(decodeObject(text)["metric"] as? String == "manhattan")
        try (collection / ".vexfs/config.json").write(text)
        #expect(try (collection / ".vexfs/config.json").text() == text)
    }

    /// "`.vexfs/schema.json` declares indexes of the metadata, and keeps them across a remount."
    @Test func schema() throws {
        let mount = try TestMount()
        let collection = try mount.collection()
        try (collection / ".vexfs/schema.json").write(
            "{\"indexed\": [\"year\"], \"at\": {\"type\": \"datetime\", \"index\": true}}")
        let text = try (collection / ".vexfs/schema.json").text()
        #expect(text.contains("year") && text.contains("datetime"), "\(text)")
        try mount.remount()
        #expect(try (collection / ".vexfs/schema.json").text() == text)
        try mount.close()
    }

    /// "`.vexfs/export.jsonl` has every document; written to another collection's `bulk` it makes the same documents."
    @Test func export() throws {
        let (from, to) = (try quarterCircle("from"), try SharedMount.collection("to"))
        let result = try SharedMount.get().shell("cat '\(from)/.vexfs/export.jsonl' > '\(to)/.vexfs/bulk'")
        #expect(result.status == 0, "\(result.errorText)")
        #expect(try (from / ".vexfs/export.jsonl").lines().count == 10)
        #expect(try to.list() == from.list())
        #expect(try to.searchIDs([1, 0]) == from.searchIDs([1, 0]))
        #expect(try to.searchIDs([1, 0], options: "where=parity:odd").count == 5)
    }

    /// "`.vexfs/vectors.f32` are the vectors in the order of `.vexfs/ids.txt`, little-endian Float32."
    @Test func vectors() throws {
        let collection = try SharedMount.collection()
        try (collection / ".vexfs/config.json").write("{\"metric\": \"dot\"}")
        let expected: [String: [Float]] = ["a": [1, 2], "b": [3, 4], "c": [-5, 0.25]]
        for (id, vector) in expected { try (collection / "\(id).json").write(document(vector)) }
        let ids = try (collection / ".vexfs/ids.txt").lines()
        let bytes = try (collection / ".vexfs/vectors.f32").read()
        #expect(Set(ids) == Set(expected.keys))
        #expect(bytes.count == 3 * 2 * 4)
        for (index, id) in ids.enumerated() {
            let wanted = (expected[id] ?? []).flatMap { value in
                withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) }
            }
            #expect(Array(bytes[index * 8..<index * 8 + 8]) == wanted)
        }
    }

    /// "`.vexfs/pending` lists what waits for a vector, and reading `.vexfs/wait` returns when nothing does."
    @Test func pending() throws {
        let collection = try quarterCircle()
        _ = try (collection / ".vexfs/wait").read()
        #expect(try (collection / ".vexfs/pending").read() == [])
    }

    /// "`.overview.md` is a digest of at most 2048 bytes: the count, the fields with their top values, the
    /// newest documents."
    @Test func overview() throws {
        let collection = try quarterCircle()
        let text = try (collection / ".overview.md").text()
        #expect(text.utf8.count <= 2048)
        for word in ["10", "parity", "even", "d9"] { #expect(text.contains(word), "\(word) in \(text)") }
        for index in 0..<60 {
            let metadata = ["field\(index)": String(repeating: "value ", count: 20)]
            try (collection / "long\(index).json").write(document([1, 0], metadata: metadata))
        }
        #expect(try (collection / ".overview.md").size() <= 2048)
    }

    /// "The root's `.vexfs/` tells version, health, statistics and metrics; `AGENTS.md` explains the mount."
    @Test func rootFiles() throws {
        let mount = try SharedMount.get()
        let version = try run([Environment.binary, "--version"]).text
        let shown = try (mount / ".vexfs/version").text().trimmingCharacters(in: .whitespacesAndNewlines)
        #expect(shown.split(separator: " ").last.map { version.contains($0) } == true)
        #expect(try (mount / ".vexfs/health").text().contains("ok"))
        #expect(try !(mount / ".vexfs/stats").read().isEmpty)
        let guide = try (mount / "AGENTS.md").text()
        #expect(guide.contains("query/") && guide.contains("mkdir"))
        #expect(failure { try (mount / "AGENTS.md").write("x") } != 0)
        #expect(failure { try (mount / "AGENTS.md").remove() } != 0)
    }

    /// "`/.vexfs/metrics` is Prometheus text, and every name begins with `vexfs_`."
    @Test func metrics() throws {
        let lines = try (try SharedMount.get() / ".vexfs/metrics").lines()
        #expect(lines.contains { $0.hasPrefix("# TYPE vexfs_") })
        let samples = lines.filter { !$0.hasPrefix("#") }
        #expect(!samples.isEmpty)
        for line in samples {
            #expect(line.hasPrefix("vexfs_"))
            #expect(Double(line.split(separator: " ").last ?? "") != nil, "\(line)")
        }
    }

    /// "Live files have size 0; nothing can be created below `.vexfs`."
    @Test func shape() throws {
        let collection = try quarterCircle()
        #expect(try (collection / ".vexfs/stats").size() == 0)
        #expect(failure { try (collection / ".vexfs/mine").write("x") } != 0)
        #expect(failure { try (collection / ".vexfs/mine").makeDirectory() } != 0)
    }
}
