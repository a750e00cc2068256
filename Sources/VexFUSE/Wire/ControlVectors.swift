import Glibc
import VexFS

/// A collection as the ioctls see it: vectors with numbers for ids.
struct ControlVectors {
    let collection: Collection
    let operations: Operations

    static let dimensions = 1...65_536
    static let count = 1...1_000_000
    /// The most bytes that one insert may copy.
    private static let bytesMax = 1 << 30

    private static func refused(_ sentence: String) -> ControlFailure {
        ControlFailure(VexFSError(.invalidArgument, sentence))
    }

    private func run<Result>(_ body: () throws(VexFSError) -> Result) throws(ControlFailure) -> Result {
        do throws(VexFSError) { return try body() } catch { throw ControlFailure(error) }
    }

    // MARK: What the vectors are

    func setMeta(_ fields: ControlFields) throws(ControlFailure) {
        let dimensions = Int(fields.u32(0))
        guard Self.dimensions.contains(dimensions) else { throw Self.refused("a vector has 1 to 65536 dimensions") }
        let (element, format, compression) = (fields.u32(4), fields.u32(12), fields.u32(32))
        guard (1...4).contains(element), format <= 2, compression <= 2 else {
            throw Self.refused("there is no such element type, storage format or compression")
        }
        guard element == 1, format == 0, compression == 0 else {
            throw ControlFailure(
                VexFSError(.unsupported, "these vectors are stored as FLOAT32, DENSE and without compression"))
        }
        try run { () throws(VexFSError) in try collection.keepVectorsAsGiven(dimension: dimensions) }
    }

    var meta: [UInt8] {
        let configuration = collection.configuration
        var fields = ControlFields(bytes: [UInt8](repeating: 0, count: ControlCommand.metaBytes))
        fields.set(UInt32(configuration.dimension ?? 0), at: 0)
        fields.set(1 as UInt32, at: 4)
        fields.set(UInt32(clamping: collection.points().rowCount), at: 8)
        fields.set(4 as UInt32, at: 36)
        return fields.bytes
    }

    var info: [UInt8] {
        let configuration = collection.configuration
        var fields = ControlFields(bytes: [UInt8](repeating: 0, count: ControlCommand.infoBytes))
        fields.set(1 as UInt32, at: 0)
        fields.set(UInt32(configuration.dimension ?? 0), at: 4)
        let metrics: [Metric: UInt32] = [.euclidean: 0, .cosine: 1, .dot: 2, .manhattan: 3]
        fields.set(metrics[configuration.metric] ?? 3, at: 8)
        fields.set(1 as UInt32, at: 12)
        fields.set(UInt64(collection.documentCount), at: 16)
        fields.set(UInt64(collection.points().rowCount), at: 24)
        fields.set(UInt64(collection.pendingCount), at: 32)
        fields.set(NodeID(collection: collection.number, file: Collection.rootNumber).raw, at: 40)
        return fields.bytes
    }

    // MARK: Searching

    private func find(
        _ vector: [Float], k: UInt32, type: UInt32
    ) throws(ControlFailure) -> [(id: UInt64, score: UInt32)] {
        let metrics: [Metric] = [.euclidean, .cosine, .dot]
        guard k > 0, Int(type) < metrics.count else { throw Self.refused("k is 0, or there is no such search type") }
        let limit = min(Int(k), max(1, collection.documentCount))
        let found = try run { () throws(VexFSError) in
            try collection.nearest(vector, limit: limit, by: metrics[Int(type)])
        }
        operations.store.metrics.increment(.searches)
        return zip(found, collection.numbers(of: found.map(\.row))).compactMap { neighbor, number in
            guard let number else { return nil }
            let id =
                number.isIdentifier
                ? number.number
                : NodeID(collection: collection.number, file: number.number).raw | NodeID.virtualBit
            return (id, neighbor.score.bitPattern)
        }
    }

    func search(
        _ fields: ControlFields, _ memory: CallerMemory, _ request: Request
    ) throws(ControlFailure) -> [UInt8] {
        let (query, dimensions) = (fields.u64(0), Int(fields.u32(8)))
        guard query != 0, Self.dimensions.contains(dimensions) else {
            throw Self.refused("a search has a query of 1 to 65536 dimensions")
        }
        try requireDimensions(dimensions)
        let vector: [Float] = try memory.read(query, count: dimensions, zero: 0)
        let found = try find(vector, k: fields.u32(12), type: fields.u32(16))
        // Nobody waits any more: the memory may be another's by now.
        guard !request.isInterrupted else { throw ControlFailure(EINTR) }
        try memory.write(found.map(\.score), to: fields.u64(24))
        try memory.write(found.map(\.id), to: fields.u64(32))
        var answer = fields
        answer.set(UInt32(found.count), at: 40)
        return answer.bytes
    }

    /// Before anything is copied.
    private func requireDimensions(_ dimensions: Int) throws(ControlFailure) {
        guard let fixed = collection.configuration.dimension, fixed != dimensions else { return }
        throw ControlFailure(
            VexFSError(.dimensionMismatch, "the vectors of this collection have \(fixed) components, not \(dimensions)")
        )
    }

    func searchInline(_ fields: ControlFields) throws(ControlFailure) -> [UInt8] {
        let (dimensions, k) = (Int(fields.u32(0)), fields.u32(4))
        guard Self.dimensions.contains(dimensions), k <= ControlCommand.inlineAnswers, fields.u32(12) == 0,
            let vector = fields.floats(ControlCommand.inlineSearchBytes, count: dimensions)
        else { throw Self.refused("an inline search has k up to 64, a count of 0 and the query behind the scores") }
        let found = try find(vector, k: k, type: fields.u32(8))
        var answer = fields
        answer.set(UInt32(found.count), at: 12)
        for (place, hit) in found.enumerated() {
            answer.set(hit.id, at: 16 + place * 8)
            answer.set(hit.score, at: 528 + place * 4)
        }
        return answer.bytes
    }

    // MARK: Inserting

    private static func require(_ count: Int, _ dimensions: Int) throws(ControlFailure) {
        guard Self.count.contains(count), Self.dimensions.contains(dimensions) else {
            throw refused("an insert has 1 to 1000000 vectors of 1 to 65536 dimensions")
        }
    }

    func insert(_ fields: ControlFields, _ memory: CallerMemory) throws(ControlFailure) {
        let (vectors, count, dimensions) = (fields.u64(0), Int(fields.u32(8)), Int(fields.u32(12)))
        try Self.require(count, dimensions)
        guard vectors != 0 else { throw Self.refused("there are no vectors") }
        try requireDimensions(dimensions)
        let bytes = count * dimensions * 4
        guard bytes <= Self.bytesMax else {
            throw ControlFailure(VexFSError(.quotaExceeded, "one insert takes 1 GiB of vectors at the most"))
        }
        try run { () throws(VexFSError) in try operations.budget.take(bytes) }
        defer { operations.budget.giveBack(bytes) }
        let given: [Float] = try memory.read(vectors, count: count * dimensions, zero: 0)
        var ids: [UInt64?] = []
        if fields.u64(16) != 0 {
            let stored: [UInt64] = try memory.read(fields.u64(16), count: count, zero: 0)
            ids = stored.map { $0 }
        } else {
            ids = [UInt64?](repeating: nil, count: count)
        }
        _ = try insert(given, ids: ids, flags: fields.u32(24))
    }

    func insertInline(_ fields: ControlFields) throws(ControlFailure) -> [UInt8] {
        let (dimensions, count) = (Int(fields.u32(0)), Int(fields.u32(4)))
        try Self.require(count, dimensions)
        let start = ControlCommand.inlineInsertBytes + count * 8
        guard fields.u32(12) == 0, let vectors = fields.floats(start, count: count * dimensions) else {
            throw Self.refused("an inline insert has its vectors behind the ids, and 0 in the reserved field")
        }
        try requireDimensions(dimensions)
        let ids = (0..<count).map { place in
            let id = fields.u64(ControlCommand.inlineInsertBytes + place * 8)
            return id == .max ? nil : id
        }
        var answer = fields
        for (place, id) in try insert(vectors, ids: ids, flags: fields.u32(8)).enumerated() {
            answer.set(id, at: ControlCommand.inlineInsertBytes + place * 8)
        }
        return answer.bytes
    }

    /// Stores vectors; nil for an id that is to be chosen. Returns the ids.
    private func insert(_ vectors: [Float], ids: [UInt64?], flags: UInt32) throws(ControlFailure) -> [UInt64] {
        let (overwrites, appends, validates) = (flags & 1 != 0, flags & 2 != 0, flags & 4 != 0)
        guard flags <= 7, !(overwrites && appends) else { throw Self.refused("there are no such flags together") }
        guard ids.allSatisfy({ ($0 ?? 0) < 1 << 63 }) else { throw Self.refused("an id is below 2^63") }
        let chooses = ids.contains(nil)
        let existing: ExistingPoints = appends ? .refuse : .replace
        for _ in 0..<8 {
            let chosen = choose(ids)
            let points = zip(chosen, ids).map { NewPoint(id: ByteString(String($0)), mustBeNew: $1 == nil) }
            do throws(VexFSError) {
                if validates, !overwrites, !appends {
                    try collection.checkInsert(points, vectors: vectors)
                } else {
                    try collection.keepVectorsAsGiven(dimension: vectors.count / ids.count)
                    try store(points, vectors, existing)
                    operations.documentsChanged(in: collection, points.map(\.id))
                }
                return chosen
            } catch {
                // Somebody took a number that was free a moment ago.
                guard error.code == .alreadyExists, chooses, !appends else { throw ControlFailure(error) }
            }
        }
        throw ControlFailure(VexFSError(.busy, "others take the ids faster than they can be chosen; try again"))
    }

    private func store(_ points: [NewPoint], _ vectors: [Float], _ existing: ExistingPoints) throws(VexFSError) {
        if collection.canInsert(points.map(\.id)) {
            try collection.insert(points, vectors: vectors, existing: existing)
            return
        }
        // A text file has one of the ids: it becomes a JSON file, as every document that is given a vector.
        guard existing == .replace else { throw VexFSError(.alreadyExists, "a document has one of the ids already") }
        guard !points.contains(where: \.mustBeNew) else {
            throw VexFSError(
                .invalidArgument, "a text file has one of the ids: insert the vectors without ids on their own")
        }
        let dimension = vectors.count / points.count
        let contents = points.enumerated().map { place, point in
            PointContent(id: point.id, vector: Array(vectors[place * dimension..<(place + 1) * dimension]))
        }
        try collection.apply([.put(contents)]) { operations.documentsRemoved($0, from: collection) }
    }

    private func choose(_ ids: [UInt64?]) -> [UInt64] {
        var next = collection.unusedNumber
        let given = Set(ids.compactMap { $0 })
        return ids.map { id in
            if let id { return id }
            while collection.file(withID: ByteString(String(next))) != nil || given.contains(next) { next += 1 }
            defer { next += 1 }
            return next
        }
    }
}

extension PointSource {
    /// How many points have a vector without a name.
    fileprivate var rowCount: Int { (try? rows(withVector: "").count) ?? 0 }
}
