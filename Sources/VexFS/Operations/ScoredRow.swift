/// One point of an answer: its row and what it is ranked by.
public struct ScoredRow: Sendable, Equatable {
    /// The row.
    public var row: Row
    /// The score; 1 where points are ordered by a field, by their ids or not at all.
    public var score: Float
    /// The value that the point stands here for; only where points are ordered by a field.
    public var orderValue: OrderValue?

    /// Pairs a row with its score.
    public init(row: Row, score: Float, orderValue: OrderValue? = nil) {
        self.row = row
        self.score = score
        self.orderValue = orderValue
    }

    /// The same point with another score.
    func scored(_ score: Float) -> ScoredRow { ScoredRow(row: row, score: score, orderValue: orderValue) }
}

extension [ScoredRow] {
    /// The rows with the highest scores first; equal scores stay in the order they have. O(n log n).
    func sortedByScore() -> [ScoredRow] {
        // The index makes the sort stable, which the standard library's is but does not promise to be.
        enumerated().sorted {
            $0.element.score != $1.element.score ? $0.element.score > $1.element.score : $0.offset < $1.offset
        }.map(\.element)
    }
}
