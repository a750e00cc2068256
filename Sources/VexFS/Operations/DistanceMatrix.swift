/// The nearest points of some points among themselves.
public struct DistanceMatrix: Sendable, Equatable {
    /// The points, in the order of their ids.
    public var rows: [Row]
    /// For each point its nearest ones without itself, nearest first.
    public var nearest: [[ScoredRow]]

    /// One point, another one and how near they are.
    public struct Pair: Sendable, Equatable {
        /// The point.
        public var first: Row
        /// The one that is near to it.
        public var second: Row
        /// Its score by the metric.
        public var score: Float
    }

    /// No points at all.
    public static let empty = DistanceMatrix(rows: [], nearest: [])

    /// The matrix as pairs.
    public var pairs: [Pair] {
        zip(rows, nearest).flatMap { row, near in
            near.map { Pair(first: row, second: $0.row, score: $0.score) }
        }
    }

    /// The matrix as coordinates: `rows[line[i]]` and `rows[column[i]]` have the score `scores[i]`.
    public var offsets: (line: [Int], column: [Int], scores: [Float]) {
        let places = Dictionary(uniqueKeysWithValues: rows.enumerated().map { ($1, $0) })
        var result: (line: [Int], column: [Int], scores: [Float]) = ([], [], [])
        for (line, near) in nearest.enumerated() {
            for point in near {
                guard let column = places[point.row] else { continue }
                result.line.append(line)
                result.column.append(column)
                result.scores.append(point.score)
            }
        }
        return result
    }
}
