/// The live segments of a collection as the database names them. Layout: `docs/format.md`, "Segments".
struct SegmentManifest {
    /// One segment by name.
    struct Entry: Equatable {
        var range: Range<Row>
        var recipe: String
        var file: String
    }

    /// The number of the last segment file that was begun.
    var next: UInt64
    /// Ascending, not overlapping.
    var entries: [Entry]

    init(next: UInt64, list: SegmentList) {
        self.next = next
        entries = list.entries.map { Entry(range: $0.range, recipe: $0.recipe, file: $0.file) }
    }

    var encoded: [UInt8] {
        let items = entries.map { entry in
            JSON.object([
                .init("first", .integer(Int64(entry.range.lowerBound))),
                .init("end", .integer(Int64(entry.range.upperBound))),
                .init("recipe", .string(entry.recipe)),
                .init("file", .string(entry.file)),
            ])
        }
        return JSON.object([.init("next", .integer(Int64(next))), .init("segments", .array(items))]).compact
    }

    /// - Throws: `corruption` where the bytes are no manifest.
    init(decoding bytes: [UInt8]) throws(VexFSError) {
        let json = try JSON.parseControl(bytes, code: .corruption)
        guard case .integer(let next)? = json["next"], case .array(let items)? = json["segments"] else {
            throw VexFSError(.corruption, "a record of segments has no list")
        }
        self.next = UInt64(clamping: next)
        entries = []
        for item in items {
            guard case .integer(let first)? = item["first"], case .integer(let end)? = item["end"],
                case .string(let recipe)? = item["recipe"], case .string(let file)? = item["file"],
                let lower = Row(exactly: first), let upper = Row(exactly: end), lower < upper,
                lower >= entries.last?.range.upperBound ?? 0
            else { throw VexFSError(.corruption, "a record of segments has an entry that means nothing") }
            entries.append(Entry(range: lower..<upper, recipe: recipe, file: file))
        }
    }
}
