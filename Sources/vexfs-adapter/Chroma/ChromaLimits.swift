/// How much work one request may make.
extension ChromaDialect {
    /// What of a request is counted.
    enum Work: String {
        case queries = "query_embeddings"
        case searches
        case neighbors = "$knn"

        /// How many of them a request may have.
        var most: Int { self == .queries ? 16_384 : 1024 }
    }

    /// The most results that a request may ask for, all its queries together.
    private static let mostResults = 10_000_000

    /// Refuses a request that asks for too much.
    /// - Parameters:
    ///   - count: how many it has so far.
    ///   - results: how many results each of them may have; what the collection has not got does not count.
    /// - Throws: 400.
    func limit(_ work: Work, _ count: Int, results: Int, of id: String) throws(ChromaError) {
        guard count <= work.most else {
            throw .invalid(
                "\(work.rawValue): a request may have \(work.most), and this one has \(count) or more; send several")
        }
        guard count > 0, results > Self.mostResults / count, try recordCount(id) > Self.mostResults / count else {
            return
        }
        throw .invalid(
            "\(work.rawValue): a request may ask for \(Self.mostResults) results in all, and \(count) with \(results) "
                + "each are more")
    }
}
