import VexFS

/// The lines of `export.jsonl`, some documents at a time.
struct ExportLines: StreamSource {
    private static let documentsPerStep = 256

    private let collection: Collection
    private var last: FileNumber = 0

    /// All documents of a collection.
    init(of collection: Collection) { self.collection = collection }

    mutating func next() throws(VexFSError) -> [UInt8] {
        while true {
            let step = try collection.exportLines(after: last, limit: Self.documentsPerStep)
            if let last = step.last { self.last = last }
            // None of these may be a document any more, and more may follow.
            if step.last == nil || !step.lines.isEmpty { return step.lines }
        }
    }
}
