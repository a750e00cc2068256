/// One of a document's vectors as the document gives it.
public enum DocumentVector: Sendable, Equatable {
    /// `[dimension] Float32`.
    case dense([Float])
    /// `[count × dimension] Float32`, row-major: several vectors that are compared together.
    case multiple([Float], count: Int)
    /// The components that are not 0: `[count]` indices as they were written, in any order, and `[count] Float32`.
    case sparse(indices: [UInt32], values: [Float])

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
