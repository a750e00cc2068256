/// What of an index's neighbours becomes the answer: `min=`, then groups, then `offset=` and `k=`.
public struct ResultSelection: Sendable {
    private let limit: Int
    private let offset: Int
    private let groupSize: Int
    private let minimumScore: Double?
    private let metric: Metric

    /// The selection that a request asks for.
    public init(request: QueryRequest, metric: Metric) {
        limit = request.limit
        offset = request.offset
        groupSize = request.groupSize
        minimumScore = request.minimumScore
        self.metric = metric
    }

    /// One value of the grouping field and its best results.
    public struct Group<Key: Hashable & Sendable>: Sendable {
        /// The value.
        public var key: Key
        /// The best results with it, nearest first, at most `group_size`.
        public var members: [Neighbor]
    }

    /// Groups, and whether more neighbours could change them.
    public struct Grouping<Key: Hashable & Sendable>: Sendable {
        /// In the order of their best results.
        public var groups: [Group<Key>]
        /// Whether the groups are what any larger number of neighbours would give.
        public var isComplete: Bool
    }

    /// Whether a score is good enough for `min=`.
    public func accepts(_ score: Float) -> Bool {
        minimumScore.map { metric.accepts(Double(score), minimum: $0) } ?? true
    }

    /// The results among neighbours given nearest first. O(offset + limit).
    public func results(of neighbors: [Neighbor]) -> [Neighbor] {
        Array(neighbors.prefix { accepts($0.score) }.dropFirst(offset).prefix(limit))
    }

    /// The groups among neighbours given nearest first: `offset=` and `k=` count groups. A row belongs to the group of
    /// each of its keys; a row without a key is left out. O(neighbours).
    public func groups<Key: Hashable & Sendable>(
        of neighbors: [Neighbor], keys: (Row) throws(VexFSError) -> [Key]
    ) throws(VexFSError) -> Grouping<Key> {
        let wanted = offset + limit
        var groups: [Group<Key>] = []
        var places: [Key: Int] = [:]
        var unfilled = wanted
        var isComplete = false
        for neighbor in neighbors {
            guard accepts(neighbor.score), unfilled > 0 else {
                isComplete = true
                break
            }
            var seen = Set<Key>()
            for key in try keys(neighbor.row) where seen.insert(key).inserted {
                if let place = places[key] {
                    guard groups[place].members.count < groupSize else { continue }
                    groups[place].members.append(neighbor)
                    if groups[place].members.count == groupSize { unfilled -= 1 }
                } else if groups.count < wanted {
                    places[key] = groups.count
                    groups.append(Group(key: key, members: [neighbor]))
                    if groupSize == 1 { unfilled -= 1 }
                }
            }
        }
        isComplete = isComplete || unfilled == 0
        return Grouping(groups: Array(groups.dropFirst(offset)), isComplete: isComplete)
    }
}
