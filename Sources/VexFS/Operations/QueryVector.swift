/// A vector that points are compared with.
public enum QueryVector: Sendable, Equatable {
    /// `[dimension] Float32`.
    case dense([Float])
    /// The components that are not 0.
    case sparse(SparseVector)
    /// `[count × dimension] Float32`: a document's vectors, compared by max-sim.
    case multiple([[Float]])

    /// What kind of vector this is, for sentences.
    var kindName: String {
        switch self {
        case .dense: "dense"
        case .sparse: "sparse"
        case .multiple: "multiple"
        }
    }
}

extension RecommendStrategy {
    /// The vector of ``averageVector`` for examples of any one kind: components that a sparse vector lacks are 0;
    /// multiple vectors are taken together, those of negative examples negated.
    static func average(_ positives: [QueryVector], _ negatives: [QueryVector]) throws(VexFSError) -> QueryVector {
        var dense: (positives: [[Float]], negatives: [[Float]]) = ([], [])
        var sparse: (positives: [SparseVector], negatives: [SparseVector]) = ([], [])
        var multiple: [[Float]] = []
        for (vector, isPositive) in positives.map({ ($0, true) }) + negatives.map({ ($0, false) }) {
            switch (vector, isPositive) {
            case (.dense(let vector), true): dense.positives.append(vector)
            case (.dense(let vector), false): dense.negatives.append(vector)
            case (.sparse(let vector), true): sparse.positives.append(vector)
            case (.sparse(let vector), false): sparse.negatives.append(vector)
            case (.multiple(let vectors), true): multiple += vectors
            case (.multiple(let vectors), false): multiple += vectors.map { $0.map(-) }
            }
        }
        let kinds = Set((positives + negatives).map(\.kindName))
        // A single vector stands for several where the others are several.
        if kinds == [QueryVector.dense([]).kindName, QueryVector.multiple([]).kindName] {
            return .multiple(multiple + dense.positives + dense.negatives.map { $0.map(-) })
        }
        guard kinds.count <= 1 else {
            throw VexFSError(.invalidVector, "the examples are vectors of different kinds; they must be of one")
        }
        switch positives.first {
        case nil: throw noPositives
        case .dense?: return .dense(try average(dense.positives, dense.negatives))
        case .sparse?: return .sparse(try average(sparse.positives, sparse.negatives))
        case .multiple?: return .multiple(multiple)
        }
    }

    private static func average(
        _ positives: [SparseVector], _ negatives: [SparseVector]
    ) throws(VexFSError) -> SparseVector {
        var sums: [UInt32: Float] = [:]
        // p + (p − n), or p where there are no negatives.
        let weight = (negatives.isEmpty ? 1 : 2) / Float(positives.count)
        for vector in positives {
            for (index, value) in zip(vector.indices, vector.values) { sums[index, default: 0] += weight * value }
        }
        for vector in negatives {
            for (index, value) in zip(vector.indices, vector.values) {
                sums[index, default: 0] -= value / Float(negatives.count)
            }
        }
        let indices = sums.keys.sorted()
        return try SparseVector(indices: indices, values: indices.map { sums[$0] ?? 0 })
    }
}
