import VexValues

/// The answer to a get while its pages come in: what is text is written at once, vectors when they are sent.
struct ChromaGathering {
    /// Bytes of answers up to which they are sent as one piece.
    private static let wholeBytes = 1 << 20
    /// The largest answer, in bytes as they are held.
    private static let bytesMax = 1 << 30

    private let include: ChromaInclude
    /// How many records there are.
    private(set) var count = 0
    /// Whether the mount may have more than the last page.
    private(set) var hasMore = false
    private var bytes = 0
    private var idTexts: [ChromaAnswerStream.Piece] = []
    private var documents: [ChromaAnswerStream.Piece] = []
    private var uris: [ChromaAnswerStream.Piece] = []
    private var metadatas: [ChromaAnswerStream.Piece] = []
    private var embeddings: [ChromaAnswerStream.Piece] = []

    init(_ include: ChromaInclude) { self.include = include }

    /// How many records such as these have so many bytes; nil without any.
    func recordsOf(bytes wanted: Int) -> Int? { count == 0 ? nil : wanted / max(1, bytes / count) }

    /// Adds the records of an answer of the mount.
    /// - Throws: 413 where it becomes too much.
    mutating func add(_ answer: MountAnswer) throws(ChromaError) {
        do throws(VexFSError) {
            try answer.withColumns { tape, binary in add(ChromaColumns(tape, binary, at: tape.root), binary) }
        } catch {
            throw ChromaError(error)
        }
        guard bytes <= Self.bytesMax else {
            throw ChromaError(413, "The answer is too large; get fewer records at once with limit and offset")
        }
    }

    private mutating func add(_ columns: ChromaColumns, _ binary: UnsafeRawBufferPointer) {
        hasMore = columns.hasMore
        guard columns.count > 0 else { return }
        count += columns.count
        Self.add(columns.writeIDs, to: &idTexts, &bytes)
        if include.has(.documents) { Self.add(columns.writeDocuments, to: &documents, &bytes) }
        if include.has(.uris) { Self.add(columns.writeURIs, to: &uris, &bytes) }
        if include.has(.metadatas) { Self.add(columns.writeMetadatas, to: &metadatas, &bytes) }
        if include.has(.embeddings) {
            if let vectors = columns.vectorPart {
                let size = 4 * vectors.rows * vectors.dimension
                let values = [UInt8](binary[vectors.offset..<vectors.offset + size])
                let part = ChromaColumns.Vectors(offset: 0, rows: vectors.rows, dimension: vectors.dimension)
                embeddings.append(.vectors(values, part))
                bytes += size
            } else {
                Self.add(columns.writeVectors, to: &embeddings, &bytes)
            }
        }
    }

    /// Appends what is written without the brackets around it.
    private static func add(
        _ write: (inout [UInt8]) -> Void, to pieces: inout [ChromaAnswerStream.Piece], _ bytes: inout Int
    ) {
        var text: [UInt8] = []
        write(&text)
        bytes += text.count
        text.removeLast()
        if pieces.isEmpty { text.removeFirst() } else { text[0] = UInt8(ascii: ",") }
        pieces.append(.text(text))
    }

    /// The answer.
    var response: HTTPResponse {
        var pieces: [ChromaAnswerStream.Piece] = []
        func member(_ name: String, _ isWanted: Bool, _ values: [ChromaAnswerStream.Piece]) {
            let key = (pieces.isEmpty ? "{" : ",") + "\"\(name)\":"
            pieces.append(.text(Array((key + (isWanted ? "[" : "null")).utf8)))
            guard isWanted else { return }
            pieces += values
            pieces.append(.text([UInt8(ascii: "]")]))
        }
        member("ids", true, idTexts)
        member("documents", include.has(.documents), documents)
        member("uris", include.has(.uris), uris)
        member("metadatas", include.has(.metadatas), metadatas)
        member("embeddings", include.has(.embeddings), embeddings)
        pieces.append(.text(Array(",\"include\":".utf8) + include.json.compact + [UInt8(ascii: "}")]))
        let stream = ChromaAnswerStream(pieces)
        if bytes <= Self.wholeBytes {
            var out: [UInt8] = []
            stream.produce(upTo: .max, &out)
            return .json(out)
        }
        return HTTPResponse(
            status: 200, headers: [("Content-Type", "application/json")],
            body: .stream { stream.produce(upTo: ChromaAnswerStream.portionBytes, &$0) })
    }
}
