/// How a document's bytes are read.
public enum DocumentFormat: UInt8, Sendable {
    /// One JSON object.
    case json = 0
    /// UTF-8 text that is embedded as it is.
    case text = 1
    /// UTF-8 text whose front matter, where there is one, is metadata.
    case markdown = 2
}

/// What a document's bytes say, before anything is embedded.
public struct ParsedDocument: Sendable, Equatable {
    /// The text to embed; empty where the document has none.
    public var text: String
    /// The line of the file, from 1, where `text` begins.
    public var textLine: Int
    /// The metadata: always an object.
    public var metadata: JSON
    /// `[dimension] Float32`, all finite and at least one, where the document brings its own vector.
    public var vector: [Float]?
    /// The vectors that the document gives names, in their order; those that it says it has not are left out.
    public var named: [NamedVector]
    /// The names of the vectors that it says it has not (`"vectors": {"name": null}`).
    public var declined: [String]
    /// Whether the document says that it has no vector (`"embedding": null`): it is stored and found by filters only.
    public var wantsNoVector: Bool
    /// How the bytes were read.
    public var format: DocumentFormat
    /// The `id` that a JSON document names; ignored for files, whose name is the id, used by bulk ingest.
    public var explicitID: ByteString?
    /// Why the bytes are kept but not indexed (binary data, blank text); nil for everything that is indexed.
    public var unindexedReason: String?

    /// Creates a document of nothing.
    public init(format: DocumentFormat) {
        text = ""
        textLine = 1
        metadata = .object([])
        vector = nil
        named = []
        declined = []
        wantsNoVector = false
        self.format = format
        explicitID = nil
        unindexedReason = nil
    }

    /// Whether the document brings any vector.
    var hasOwnVector: Bool { vector != nil || !named.isEmpty }

    /// Whether the text has anything but white space.
    var isBlank: Bool {
        text.utf8.allSatisfy { $0 <= 0x20 } || text.unicodeScalars.allSatisfy(\.properties.isWhitespace)
    }
}
