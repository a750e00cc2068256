/// How many neighbours to ask an index for, so that enough are left after grouping.
///
/// Without groups the first answer is always enough. With groups nobody can know how many neighbours share one: ask,
/// group, and `widen()` until the groups are complete or everything was asked for.
public struct SearchPlan: Sendable {
    /// How many neighbours to ask for now.
    public private(set) var limit: Int
    private let available: Int

    /// A plan for a request over `available` vectors in scope.
    public init(request: QueryRequest, available: Int) {
        self.available = available
        var wanted = request.offset + request.limit
        if request.groupBy != nil { wanted = max(64, wanted * request.groupSize * 4) }
        // The document that like= names is its own nearest neighbour.
        if case .like = request.target { wanted += 1 }
        limit = min(wanted, available)
    }

    /// Asks for four times as many; false when all were asked for already.
    public mutating func widen() -> Bool {
        guard limit < available else { return false }
        limit = min(available, max(1, limit) * 4)
        return true
    }
}
