/// One result of a search.
public struct SearchHit: Sendable {
    /// The place in the answer, from 1.
    public var rank: Int
    /// The score by the collection's metric.
    public var score: Double
    /// The document's id.
    public var id: ByteString
    /// The document's path below the mount, "collection/sub/a.json".
    public var path: String
    /// The text that was embedded, or "" where the document brought only a vector.
    public var text: String
    /// The 1-based line of the file where `text` begins (text documents), for `.grep`; 1 for JSON.
    public var line: Int
    /// The document's metadata.
    public var metadata: JSON
    /// The group's value, when results are grouped.
    public var group: JSON?
    /// The collection it came from.
    public var collection: String

    /// Creates a result.
    public init(
        rank: Int, score: Double, id: ByteString, path: String, text: String, line: Int = 1, metadata: JSON,
        group: JSON? = nil, collection: String
    ) {
        self.rank = rank
        self.score = score
        self.id = id
        self.path = path
        self.text = text
        self.line = line
        self.metadata = metadata
        self.group = group
        self.collection = collection
    }
}

/// What a search did, for `.explain` and for an empty answer's reason.
public struct SearchExplanation: Sendable {
    /// What was done in words: "flat scan", "flat scan over filtered rows".
    public var plan = ""
    /// Live documents in scope.
    public var documents = 0
    /// Documents with a vector.
    public var vectors = 0
    /// Documents that passed the filter and the folder, nil without either.
    public var matching: Int?
    /// What each part of the index did, in words; empty where ``plan`` says it all.
    public var parts: [String] = []
    /// Whether the answer is certain to be the nearest documents.
    public var isExact = true
    /// Vectors, or codes of vectors, compared.
    public var candidates = 0
    /// Candidates compared in full precision after their codes.
    public var rescored = 0
    /// Documents still waiting for a vector.
    public var pending = 0
    /// The best score of all, before `min=` cut the answer.
    public var nearestScore: Double?
    /// Microseconds spent embedding the query.
    public var embedMicroseconds = 0.0
    /// Microseconds spent on the filter.
    public var filterMicroseconds = 0.0
    /// Microseconds spent comparing vectors.
    public var scanMicroseconds = 0.0
    /// Microseconds spent reading the results' documents.
    public var fetchMicroseconds = 0.0
    /// Creates an empty explanation.
    public init() {}
}

/// The answer to a search.
public struct SearchAnswer: Sendable {
    /// Best first.
    public var hits: [SearchHit]
    /// What was done.
    public var explanation: SearchExplanation
    /// The metric of the scores.
    public var metric: Metric
    /// Creates an answer.
    public init(hits: [SearchHit], explanation: SearchExplanation, metric: Metric) {
        self.hits = hits
        self.explanation = explanation
        self.metric = metric
    }
}
