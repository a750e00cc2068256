/// Which documents an operation changes.
public enum PointSelection: Sendable, Equatable {
    /// Those with these ids; an id that nobody has selects nothing.
    case ids([ByteString])
    /// Those that match.
    case filter(Filter)
}

/// A document as a program gives it.
public struct PointContent: Sendable, Equatable {
    /// Its id.
    public var id: ByteString
    /// Its text; nil for none.
    public var text: String?
    /// Its metadata.
    public var metadata: [JSON.Member]
    /// `[dimension] Float32`; nil where the text is to be embedded, or where there is nothing to embed.
    public var vector: [Float]?
    /// The vectors with a name.
    public var vectors: [NamedVector]

    /// Creates a document.
    public init(
        id: ByteString, text: String? = nil, metadata: [JSON.Member] = [], vector: [Float]? = nil,
        vectors: [NamedVector] = []
    ) {
        self.vectors = vectors
        self.id = id
        self.text = text
        self.metadata = metadata
        self.vector = vector
    }
}

/// A part of a document to change; what is nil stays as it is.
public struct PointPatch: Sendable, Equatable {
    /// The document's id.
    public var id: ByteString
    /// The new text; it is embedded unless a vector comes with it or the document brought its own.
    public var text: String?
    /// What happens to the metadata.
    public var metadata: PayloadChange?
    /// `[dimension] Float32`, the new vector.
    public var vector: [Float]?
    /// New vectors with a name; those of other names stay.
    public var vectors: [NamedVector]

    /// Creates a patch.
    public init(
        id: ByteString, text: String? = nil, metadata: PayloadChange? = nil, vector: [Float]? = nil,
        vectors: [NamedVector] = []
    ) {
        self.vectors = vectors
        self.id = id
        self.text = text
        self.metadata = metadata
        self.vector = vector
    }
}

/// One change of a collection's documents; ``Collection/apply(_:sync:)`` makes several of them at once.
public enum PointOperation: Sendable, Equatable {
    /// What happens to documents whose id is taken, or is not.
    public enum Mode: Sendable, Equatable {
        /// Inserts what is new and replaces what is there.
        case upsert
        /// Inserts what is new and leaves alone what is there.
        case insertOnly
        /// Replaces what is there and leaves out what is new.
        case updateOnly
    }

    /// Writes whole documents. One that is there is replaced only where it matches `condition`.
    case put([PointContent], mode: Mode = .upsert, condition: Filter? = nil)
    /// Changes parts of documents that are there; the others are left out.
    case patch([PointPatch])
    /// Changes the metadata of a selection.
    case payload(PayloadChange, of: PointSelection)
    /// Takes vectors of a selection away, "" for the one without a name; the documents stay.
    case deleteVectors(of: PointSelection, names: [String] = [""])
    /// Removes a selection.
    case delete(PointSelection)
}

/// What one operation did.
public struct PointOutcome: Sendable, Equatable {
    /// Documents that are new.
    public var created = 0
    /// Documents that were changed or replaced.
    public var changed = 0
    /// Documents that are gone.
    public var removed = 0
    /// Documents that the mode, the condition or a missing id left alone.
    public var skipped = 0
    /// Counts documents.
    public init(created: Int = 0, changed: Int = 0, removed: Int = 0, skipped: Int = 0) {
        self.created = created
        self.changed = changed
        self.removed = removed
        self.skipped = skipped
    }
}
