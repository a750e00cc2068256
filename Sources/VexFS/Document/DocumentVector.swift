/// One of a document's vectors as the document gives it.
public enum DocumentVector: Sendable, Equatable {
    /// `[dimension] Float32`.
    case dense([Float])
    /// `[count × dimension] Float32`, row-major: several vectors that are compared together.
    case multiple([Float], count: Int)
    /// The components that are not 0.
    case sparse(SparseVector)

    /// Components of one vector; of a sparse one those that it names.
    var dimension: Int {
        switch self {
        case .dense(let values): values.count
        case .multiple(let values, let count): count > 0 ? values.count / count : 0
        case .sparse(let vector): vector.count
        }
    }

    /// The vector as a document writes it.
    public var json: JSON {
        let array = { (numbers: ArraySlice<Float>) in JSON.array(numbers.map { .number(Double($0)) }) }
        switch self {
        case .dense(let values): return array(values[...])
        case .multiple(let values, let count):
            return .array((0..<count).map { array(values[$0 * dimension..<($0 + 1) * dimension]) })
        case .sparse(let vector):
            return .object([
                .init("indices", .array(vector.indices.map { .integer(Int64($0)) })),
                .init("values", array(vector.values[...])),
            ])
        }
    }

    /// What kind of vector this is, for sentences.
    var kindName: String {
        switch self {
        case .dense: "one vector"
        case .multiple: "several vectors"
        case .sparse: "a sparse vector"
        }
    }
}

/// A vector and the name that a document gives it.
public struct NamedVector: Sendable, Equatable {
    /// One of the names under `"vectors"` in `.vexfs/config.json`.
    public var name: String
    /// The vector.
    public var vector: DocumentVector

    /// Names a vector.
    public init(_ name: String, _ vector: DocumentVector) {
        self.name = name
        self.vector = vector
    }
}
