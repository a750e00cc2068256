/// `.overview.md`: what is in here, in at most 2 KB.
extension Collection {
    /// The largest digest, in bytes.
    static let overviewLimitBytes = 2048

    /// The digest: count, model, fields with their most frequent values, newest documents.
    /// - Complexity: O(documents) the first time fields are counted, then O(values).
    public func overview() throws(VexFSError) -> [UInt8] {
        let (name, configuration, live, pending, errors) = state.withLock {
            ($0.name, $0.configuration, $0.rows.live.count, $0.pendingCount, $0.errorCount)
        }
        var text = "# \(name)\n\n\(live) document\(live == 1 ? "" : "s")"
        if let dimension = configuration.dimension {
            text += ", vectors of \(dimension) components (\(configuration.metric.rawValue))"
        }
        text += ", model \(configuration.model)"
        if pending > 0 { text += ", \(pending) waiting for a vector" }
        if errors > 0 { text += ", \(errors) refused (see .vexfs/errors.jsonl)" }
        text += ".\n"
        var lines: [String] = []
        for field in try facetFields().prefix(12) {
            let values = try facetValues(of: field)
            let shown = values.prefix(5).map { "\(Self.shortened($0.value.string, 40)) (\($0.count))" }
            let more = values.count > 5 ? ", … \(values.count - 5) more" : ""
            lines.append("- \(Self.shortened(field, 40)): \(shown.joined(separator: ", "))\(more)\n")
        }
        text = Self.append("\n## Fields\n\n", lines, to: text)
        text = Self.append("\n## Newest\n\n", newestDocuments().map { "- \(Self.shortened($0, 120))\n" }, to: text)
        return Array(text.utf8)
    }

    private func newestDocuments() -> [String] {
        state.withLock { state in
            var newest: [FileAttributes] = []
            // Rows are given in the order of commits, so the newest documents have the highest live rows.
            var row = state.rows.next
            while row > 0 && newest.count < 8 {
                row -= 1
                if let file = state.rows.file(of: row), let attributes = state.tree[file] { newest.append(attributes) }
            }
            return newest.compactMap { state.tree.path(of: $0.number) }
        }
    }

    /// Adds a heading and as many lines as fit into the limit; nothing where no line fits.
    private static func append(_ heading: String, _ lines: [String], to text: String) -> String {
        var result = text
        var isStarted = false
        for line in lines {
            let addition = isStarted ? line : heading + line
            guard result.utf8.count + addition.utf8.count <= overviewLimitBytes else { break }
            result += addition
            isStarted = true
        }
        return result
    }

    private static func shortened(_ text: String, _ limit: Int) -> String {
        let line = text.split(separator: "\n", omittingEmptySubsequences: false).first.map(String.init) ?? ""
        return line.count <= limit ? line : String(line.prefix(limit - 1)) + "…"
    }
}
