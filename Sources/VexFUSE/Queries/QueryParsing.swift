import VexFS

/// Turns the parts of a path below `query/` into a search. Parsing only: cheap enough for a lookup.
enum QueryParsing {
    /// The search that the last part names.
    /// - Throws: `invalidQuery`, `invalidFilter`.
    static func request(_ components: [ByteString], in scope: SearchScope) throws(VexFSError) -> QueryRequest {
        try QueryPath.parse(
            components, folder: scope.folderPath(), parseFilter: { (text) throws(VexFSError) in try Filter.parse(text) }
        )
    }

    /// Whether the options make sense together, found out by asking for a text below them.
    /// - Throws: `invalidQuery`, `invalidFilter`.
    static func checkOptions(_ segments: [ByteString]) throws(VexFSError) {
        _ = try QueryPath.parse(segments + ["x"], parseFilter: { (text) throws(VexFSError) in try Filter.parse(text) })
    }
}
