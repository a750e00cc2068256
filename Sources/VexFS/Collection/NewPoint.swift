import CVexKernels

/// A document that a program inserts together with others; its vector stands in the buffer of the whole batch.
public struct NewPoint: Sendable {
    /// Its id; the document becomes the file ``FileNaming/name(forID:)`` at the top of the collection.
    public var id: ByteString
    /// Its metadata: the text of a JSON object; empty for none.
    public var metadata: [UInt8]
    /// Its text, which is kept and not embedded; empty for none.
    public var text: String
    /// Whether a document that has the id refuses the whole insert: for ids that were chosen because they were free.
    public var mustBeNew: Bool

    /// Creates a point.
    public init(id: ByteString, metadata: [UInt8] = [], text: String = "", mustBeNew: Bool = false) {
        self.id = id
        self.metadata = metadata
        self.text = text
        self.mustBeNew = mustBeNew
    }
}

/// What ``Collection/insert(_:vectors:sync:existing:)`` did.
public struct InsertOutcome: Sendable, Equatable {
    /// Documents that are new.
    public var created = 0
    /// Documents that replaced one of the same id.
    public var replaced = 0
}

/// Points that are checked and written out: everything of an insert that needs no lock.
struct PointBatch {
    /// One document.
    struct Document {
        var name: ByteString
        /// The stored bytes, with `null` where the vector goes (see ``Collection/content(of:)``).
        var stored: [UInt8]
        var checksum: UInt32
        var row: RowRecord
        /// The metadata as a value, where a payload index wants it.
        var payload: JSON?
        var size: Int64
        var mustBeNew: Bool
    }

    var documents: [Document] = []
    /// `[documents × dimension] Float32`, of unit length where the metric is cosine.
    var vectors: [Float]
    let dimension: Int
    /// Documents that a later one of the batch replaced.
    var replacedWithin = 0
    var byteCount: Int { documents.reduce(vectors.count * 4) { $0 + $1.stored.count + 256 } }

    /// - Throws: `dimensionMismatch`, `invalidVector`, `malformedDocument`, `invalidArgument` where the buffer does not
    ///   hold a vector for each point.
    init(
        _ points: [NewPoint], _ vectors: [Float], _ configuration: CollectionConfiguration, wantsPayloads: Bool
    ) throws(VexFSError) {
        dimension = points.isEmpty ? 0 : vectors.count / points.count
        guard dimension * points.count == vectors.count, dimension > 0 || points.isEmpty else {
            throw VexFSError(
                .invalidArgument, "\(vectors.count) numbers are not \(points.count) vectors of one dimension")
        }
        guard points.isEmpty || CollectionConfiguration.dimensionRange.contains(dimension) else {
            throw VexFSError(.invalidVector, "a vector has 1 to 65536 components, these have \(dimension)")
        }
        if let fixed = configuration.dimension, fixed != dimension, !points.isEmpty {
            throw VexFSError(
                .dimensionMismatch, "the vectors have \(dimension) components and this collection's have \(fixed)")
        }
        self.vectors = vectors
        let checksums = try finishVectors(metric: configuration.metric, count: points.count)
        documents.reserveCapacity(points.count)
        var places: [ByteString: Int] = [:]
        places.reserveCapacity(points.count)
        for (index, point) in points.enumerated() {
            let document = try document(point, checksum: checksums[index], configuration, wantsPayloads)
            // Of several points with one id the last wins, as if they had been inserted one after the other.
            if let place = places.updateValue(documents.count, forKey: document.name) {
                replace(place, by: document, from: index)
                places[document.name] = place
            } else {
                move(vector: index, to: documents.count)
                documents.append(document)
            }
        }
        if documents.count < points.count { self.vectors.removeLast((points.count - documents.count) * dimension) }
    }

    /// Checks every vector, normalises it where the metric wants that, and returns the checksums.
    private mutating func finishVectors(metric: Metric, count: Int) throws(VexFSError) -> [UInt32] {
        let dimension = dimension
        var checksums = [UInt32](repeating: 0, count: count)
        let wrong: Int? = vectors.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return nil }
            for index in 0..<count {
                // The buffer holds count × dimension numbers, checked by the caller.
                let vector = base + index * dimension
                let largest = vexfs_largest_f32(vector, dimension)
                guard largest.isFinite, metric != .cosine || largest > 0 else { return index }
                if metric == .cosine { _ = vexfs_normalize_f32(vector, dimension) }
                checksums[index] = vexfs_crc32c(0, vector, dimension * 4)
            }
            return nil
        }
        if let wrong {
            throw VexFSError(
                .invalidVector,
                "vector \(wrong) holds a number that is not finite, or nothing but zeros, which have no direction")
        }
        return checksums
    }

    private func document(
        _ point: NewPoint, checksum: UInt32, _ configuration: CollectionConfiguration, _ wantsPayloads: Bool
    ) throws(VexFSError) -> Document {
        guard !point.id.isEmpty else { throw VexFSError(.invalidArgument, "an id must not be empty") }
        var metadata = Array("{}".utf8)
        var payload = JSON.object([])
        if !point.metadata.isEmpty {
            payload = try JSON.parse(point.metadata, code: .malformedDocument)
            guard case .object = payload else {
                throw VexFSError(.malformedDocument, "the metadata of \"\(point.id)\" is no JSON object")
            }
            metadata = payload.compact
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(48 + point.id.count + point.text.utf8.count + metadata.count)
        bytes.append(contentsOf: "{\"id\":".utf8)
        JSON.write(string: point.id.string, to: &bytes)
        if !point.text.isEmpty {
            bytes.append(contentsOf: ",\"text\":".utf8)
            JSON.write(string: point.text, to: &bytes)
        }
        bytes.append(contentsOf: ",\"metadata\":".utf8)
        bytes.append(contentsOf: metadata)
        bytes.append(contentsOf: ",\"vector\":null}\n".utf8)
        let size = SplicedContent.size(stored: bytes.count, dimension: dimension)
        guard size <= configuration.documentLimitBytes else {
            throw VexFSError(
                .documentTooLarge,
                "\"\(point.id)\" has more than the limit of \(configuration.documentLimitBytes) bytes")
        }
        var row = RowRecord(flags: 1 | 8, vectorChecksum: checksum)
        row.metadata = metadata
        return Document(
            name: FileNaming.name(forID: point.id), stored: bytes,
            checksum: bytes.withUnsafeBytes { vexfs_crc32c(0, $0.baseAddress, $0.count) }, row: row,
            payload: wantsPayloads ? payload : nil, size: Int64(size), mustBeNew: point.mustBeNew)
    }

    private mutating func replace(_ place: Int, by document: Document, from index: Int) {
        documents[place] = document
        move(vector: index, to: place)
        replacedWithin += 1
    }

    /// Takes the documents out whose places hold true.
    mutating func leaveOut(_ unwanted: [Bool]) {
        guard unwanted.contains(true) else { return }
        var kept: [Document] = []
        for (index, document) in documents.enumerated() where !unwanted[index] {
            move(vector: index, to: kept.count)
            kept.append(document)
        }
        documents = kept
        vectors.removeLast(vectors.count - kept.count * dimension)
    }

    private mutating func move(vector index: Int, to place: Int) {
        guard index != place else { return }
        for component in 0..<dimension {
            vectors[place * dimension + component] = vectors[index * dimension + component]
        }
    }
}

/// Documents that were inserted with nothing but a vector and metadata: their bytes are stored with `null` for the
/// vector, and read with the row's vector in its place. So they are whole files, and no vector is stored twice.
enum SplicedContent {
    private static let end = Array("null}\n".utf8)

    /// Bytes of the content as it is read.
    static func size(stored: Int, dimension: Int) -> Int {
        stored - 4 + 2 + Base64.length(ofBytes: dimension * 4)
    }

    /// What is stored of a content that ends with its vector; nil where it does not, or has it in another spelling.
    static func stored(_ content: [UInt8], vector: [Float]) -> [UInt8]? {
        let count = content.count - size(stored: 0, dimension: vector.count)
        guard count >= end.count else { return nil }
        let bytes = Array(content.prefix(count - end.count)) + end
        return self.content(bytes, vector: vector) == content ? bytes : nil
    }

    /// The content as it is read; nil where the stored bytes are no such document.
    static func content(_ stored: [UInt8], vector: [Float]) -> [UInt8]? {
        guard stored.suffix(end.count).elementsEqual(end) else { return nil }
        var bytes = Array(stored.dropLast(end.count))
        bytes.append(UInt8(ascii: "\""))
        vector.withUnsafeBytes { Base64.append($0, to: &bytes) }
        bytes.append(contentsOf: "\"}\n".utf8)
        return bytes
    }
}
