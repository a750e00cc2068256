/// What a filter is asked about: one document.
public struct FilterSubject: Sendable {
    /// The metadata.
    public var payload: JSON
    /// The id.
    public var id: ByteString
    /// The text, nil where there is none.
    public var text: ByteString?
    /// The names of the vectors that it has; the empty name is that of the collection's own vector.
    public var vectors: Set<ByteString>

    /// Creates a subject.
    public init(payload: JSON, id: ByteString = "", text: ByteString? = nil, vectors: Set<ByteString> = []) {
        self.payload = payload
        self.id = id
        self.text = text
        self.vectors = vectors
    }
}

/// Where an index takes from what a filter asks about.
protocol FilterSource {
    /// Calls the closure for each of the rows that has a record, with its metadata, of which members with other keys
    /// than these may be left out.
    func loadPayloads(
        _ rows: RowBitmap, keeping keys: [ByteString]?, _ body: (Row, JSON) -> Void
    ) throws(VexFSError)
    /// Calls the closure for each of the rows that has a text.
    func loadTexts(_ rows: RowBitmap, _ body: (Row, ByteString) -> Void) throws(VexFSError)
    /// Calls the closure for each of the rows with its document's id.
    func loadIdentifiers(_ rows: RowBitmap, _ body: (Row, ByteString) -> Void) throws(VexFSError)
    /// The rows whose documents have one of the ids.
    func rows(withIdentifiers ids: Set<ByteString>) throws(VexFSError) -> RowBitmap
    /// The rows with a vector of this name.
    func rows(withVector name: ByteString) throws(VexFSError) -> RowBitmap
    /// Those of the rows that are still there: what a load did not hand over of them does not exist.
    func present(_ rows: RowBitmap) -> RowBitmap
    /// The hashes of the documents' ids.
    var slices: SliceIndex { get }
}
