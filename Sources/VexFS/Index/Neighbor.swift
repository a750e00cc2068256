/// A row and how near it is.
public struct Neighbor: Sendable, Equatable {
    /// The row.
    public var row: Row
    /// Its score by the index's ``Metric``: a similarity, or a distance (Euclidean: not squared).
    public var score: Float

    /// Pairs a row with its score.
    public init(row: Row, score: Float) {
        self.row = row
        self.score = score
    }
}

/// The order of answers: nearer first, among equals the lower row. Total for scores that are numbers.
struct NeighborOrder {
    let higherIsNearer: Bool

    init(_ metric: Metric) { higherIsNearer = metric.higherIsNearer }

    @inline(__always)
    func precedes(_ left: Neighbor, _ right: Neighbor) -> Bool {
        if left.score != right.score {
            return higherIsNearer ? left.score > right.score : left.score < right.score
        }
        return left.row < right.row
    }
}

/// The best `limit` neighbours of those offered: a heap with the worst at its root (J. W. J. Williams, Algorithm 232,
/// doi:10.1145/512274.512284). O(log limit) per neighbour kept, O(1) per neighbour turned away.
struct NeighborHeap {
    private var items: [Neighbor] = []
    private let limit: Int
    private let order: NeighborOrder

    init(limit: Int, metric: Metric) {
        self.limit = limit
        order = NeighborOrder(metric)
        items.reserveCapacity(min(limit, 1024))
    }

    /// Offers a neighbour; a score that is not a number is never kept.
    @inline(__always)
    mutating func offer(_ neighbor: Neighbor) {
        if items.count == limit {
            guard let worst = items.first, order.precedes(neighbor, worst) else { return }
            replaceWorst(with: neighbor)
        } else if !neighbor.score.isNaN {
            append(neighbor)
        }
    }

    /// The neighbour that the next better one replaces; nil while there is room.
    var worst: Neighbor? { items.count == limit ? items.first : nil }

    /// The kept neighbours, nearest first.
    func sorted() -> [Neighbor] { items.sorted(by: order.precedes) }

    private mutating func append(_ neighbor: Neighbor) {
        items.append(neighbor)
        var child = items.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard order.precedes(items[parent], items[child]) else { break }
            items.swapAt(parent, child)
            child = parent
        }
    }

    private mutating func replaceWorst(with neighbor: Neighbor) {
        guard !neighbor.score.isNaN else { return }
        items[0] = neighbor
        var parent = 0
        while true {
            var child = 2 * parent + 1
            guard child < items.count else { return }
            if child + 1 < items.count, order.precedes(items[child], items[child + 1]) { child += 1 }
            guard order.precedes(items[parent], items[child]) else { return }
            items.swapAt(parent, child)
            parent = child
        }
    }
}

extension [Neighbor] {
    /// The best `limit` of several answers of one metric, nearest first. O(n log n) in the number of neighbours given.
    public static func merged(_ answers: [[Neighbor]], limit: Int, metric: Metric) -> [Neighbor] {
        let order = NeighborOrder(metric)
        return Array(answers.joined().sorted(by: order.precedes).prefix(limit))
    }
}
