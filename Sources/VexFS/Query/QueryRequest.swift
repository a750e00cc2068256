/// One search, as a path, a session file or the command line asks for it.
public struct QueryRequest: Sendable, Equatable {
    /// What is searched for.
    public enum Target: Sendable, Equatable {
        /// A text to embed.
        case text(String)
        /// `[dimension] Float32`.
        case vector([Float])
        /// The components that are not 0.
        case sparse(SparseVector)
        /// `[count × dimension] Float32`: several vectors, which are compared with several of a document.
        case multiple([[Float]])
        /// The vector of a stored document, which is itself left out of the answer.
        case like(id: ByteString)
    }

    /// How candidates are found.
    public enum Mode: String, Sendable, CaseIterable { case vector, text, hybrid, exact }

    /// How the answer is written.
    public enum Format: String, Sendable, CaseIterable {
        case jsonl, json, tsv, ids, paths, grep, md, ctx, explain, why
    }

    /// What is searched for.
    public var target: Target
    /// The query as a person wrote it, for headings.
    public var title: String
    /// How candidates are found.
    public var mode: Mode = .vector
    /// How many results (with `groupBy`: how many groups), 1…10 000.
    public var limit: Int = 10
    /// How many results to skip.
    public var offset: Int = 0
    /// The worst score that is still a result (for distances: the largest).
    public var minimumScore: Double?
    /// The search breadth of a graph index, 1…100 000.
    public var ef: Int?
    /// The name of the vector that is compared; "" for the one without.
    public var using: String = ""
    /// Which fields an answer shows; nil for all.
    public var fields: [String]?
    /// The metadata field that groups results.
    public var groupBy: String?
    /// How many results a group shows at the most.
    public var groupSize: Int = 1
    /// The largest answer in tokens, for `.ctx`.
    public var tokenBudget: Int?
    /// What documents must match.
    public var filter: Filter?
    /// The filter as a path writes it after `where=`, escapes kept; nil where it came another way.
    public var filterText: String?
    /// How the answer is written.
    public var format: Format = .jsonl
    /// The folder that the search is limited to, as a path within the collection ("sub/dir"), or empty.
    public var folder: String = ""

    /// Creates a search with the defaults.
    public init(target: Target, title: String) {
        self.target = target
        self.title = title
    }
}
