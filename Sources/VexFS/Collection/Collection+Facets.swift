/// Facets: the fields of the metadata and their values.
extension Collection {
    /// A value of a field and how many documents have it.
    public struct FacetValue: Sendable {
        /// The value as text.
        public let value: ByteString
        /// How many live documents have it.
        public let count: Int
    }

    /// The names of the metadata's fields, sorted.
    public func facetFields() throws(VexFSError) -> [String] {
        let live = state.withLock { $0.rows.live }
        // A field without a name is metadata like any other, but no directory can be called so.
        return try fieldNames(among: live).filter { !$0.isEmpty }
    }

    /// The values of a field, most frequent first.
    public func facetValues(of field: String) throws(VexFSError) -> [FacetValue] {
        let live = state.withLock { $0.rows.live }
        return try values(of: field, among: live).map {
            FacetValue(value: $0.value, count: $0.count)
        }
    }

    /// The documents whose field has this value.
    public func files(withField field: String, value: ByteString) throws(VexFSError) -> [FileNumber] {
        let live = state.withLock { $0.rows.live }
        let rows = try rows(whereField: field, hasText: value, among: live)
        return state.withLock { state in
            var files: [FileNumber] = []
            rows.forEach { row in
                if let file = state.rows.file(of: row) { files.append(file) }
            }
            return files
        }
    }
}
