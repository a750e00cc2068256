import CVexKernels

/// The components of a vector that are not 0, ascending by index, none twice.
public struct SparseVector: Sendable, Equatable {
    /// Which components there are: `[count] UInt32`, ascending.
    public let indices: [UInt32]
    /// Their values: `[count] Float32`, finite; one may be 0 all the same.
    public let values: [Float]

    /// Takes components in any order. O(count log count), O(count) where they ascend.
    /// - Throws: `invalidVector` (EINVAL) where the lists differ in length, an index repeats, or a value is not finite.
    public init(indices: [UInt32], values: [Float]) throws(VexFSError) {
        guard indices.count == values.count else {
            throw VexFSError(
                .invalidVector,
                "a sparse vector has \(indices.count) indices and \(values.count) values; it needs one for each")
        }
        if let place = values.firstIndex(where: { !$0.isFinite }) {
            throw VexFSError(
                .invalidVector, "the sparse vector's value at index \(indices[place]) is not a finite number")
        }
        if zip(indices, indices.dropFirst()).allSatisfy({ $0 < $1 }) {
            self.indices = indices
            self.values = values
            return
        }
        let order = indices.indices.sorted { indices[$0] < indices[$1] }
        self.indices = order.map { indices[$0] }
        self.values = order.map { values[$0] }
        if let place = self.indices.indices.dropFirst().first(where: { self.indices[$0] == self.indices[$0 - 1] }) {
            throw VexFSError(.invalidVector, "a sparse vector names the index \(self.indices[place]) twice")
        }
    }

    /// Components that are known to ascend and to be finite.
    init(ascending indices: [UInt32], values: [Float]) {
        self.indices = indices
        self.values = values
    }

    /// No component.
    public static let empty = SparseVector(ascending: [], values: [])

    /// How many components there are.
    public var count: Int { indices.count }

    /// The sum of the products of the components that both have; 0 for none. O(components of both).
    public func product(with other: SparseVector) -> Double {
        var product = 0.0
        _ = vexfs_sparse_dot(
            &product, indices, values, count, other.indices, other.values, other.count)
        return product
    }
}
