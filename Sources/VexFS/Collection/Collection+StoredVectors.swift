import CVexKernels

/// Vectors of no fixed size: sparse ones, and several of a document. They stand in the database beside the documents,
/// so the record that commits a row commits them.
extension Collection {
    /// Adds a row's vector to a batch; returns what the row's record says of it. The writer's lock is held.
    func store(
        _ vector: NamedVector, of row: Row, in space: SpaceNumber, _ batch: WriteBatch
    ) throws(VexFSError) -> NamedVectorRecord {
        let settings = (batch.configuration ?? configuration).settings(of: vector.name) ?? VectorSettings()
        let bytes: [UInt8]
        switch (vector.vector, settings.kind) {
        case (.sparse(let sparse), .sparse): bytes = StoredVector.encoded(sparse)
        case (.multiple(let values, let count), .multiple):
            let dimension = vector.vector.dimension
            try Self.require(dimension, settings.dimension ?? dimension)
            if settings.dimension == nil { change(batch) { $0.fix(dimension, of: vector.name) } }
            bytes = StoredVector.encoded(values, count: count, settings.element)
        default: throw configuration.unknownVector(vector.name)
        }
        batch.put(StoreKey.vector(number, space, row), bytes)
        context.metrics.increment(.vectorBytesWritten, by: bytes.count)
        return NamedVectorRecord(
            space: space, checksum: bytes.withUnsafeBytes { vexfs_crc32c(0, $0.baseAddress, $0.count) })
    }

    /// The spaces whose vectors are stored so.
    var storedSpaces: [SpaceNumber] {
        state.withLock { state in
            state.spaces.dropFirst().filter { state.settings(of: $0).kind != .dense }.map(\.number)
        }
    }

    /// The vector of a row as it is stored, of any kind; nil where there is none.
    func vector(of row: Row, in space: SpaceNumber) throws(VexFSError) -> DocumentVector? {
        if let file = state.withLock({ $0.space(space)?.vectors }) { return file.vector(row).map { .dense($0) } }
        guard let bytes = try storedVector(of: row, in: space) else { return nil }
        return try bytes.withSystemBytes { bytes throws(VexFSError) in try StoredVector.decoded(bytes) }
    }

    /// The stored value of a row's vector; nil where there is none.
    func storedVector(of row: Row, in space: SpaceNumber) throws(VexFSError) -> [UInt8]? {
        try database.value(StoreKey.vector(owner(of: row).number, space, row))
    }

    /// Calls `body` with the stored values of the rows in the set, ascending. Few are read one by one, many in a walk
    /// over all.
    func forEachStored(
        _ rows: RowBitmap, in space: SpaceNumber, _ body: (Row, UnsafeRawBufferPointer) throws(VexFSError) -> Void
    ) throws(VexFSError) {
        guard let first = rows.first, let last = rows.last else { return }
        // Finding a value costs about as much as walking over eight.
        if rows.count <= 64 || rows.count < Int(last - first) / 8 {
            for row in rows.rows {
                guard let bytes = try storedVector(of: row, in: space) else { continue }
                try bytes.withSystemBytes { bytes throws(VexFSError) in try body(row, bytes) }
            }
            return
        }
        try walkStored(from: first, in: space) { row, bytes throws(VexFSError) in
            if row > last { return false }
            if rows.contains(row) { try body(row, bytes) }
            return true
        }
    }

    /// Calls `body` with every stored value of a space from a row on; false ends the walk.
    func walkStored(
        from first: Row, in space: SpaceNumber,
        _ body: (Row, UnsafeRawBufferPointer) throws(VexFSError) -> Bool
    ) throws(VexFSError) {
        if let origin, first < origin.rowsBelow {
            var goesOn = true
            try origin.collection.walkStored(from: first, in: space) { row, bytes throws(VexFSError) in
                // Rows that the origin wrote since are not this collection's.
                guard row < origin.rowsBelow else { return false }
                goesOn = try body(row, bytes)
                return goesOn
            }
            guard goesOn else { return }
        }
        guard !isReadOnly else { return }
        let start = StoreKey.vector(number, space, max(first, firstOwnRow))
        let prefix = StoreKey.vectors(number, space)
        try database.forEach(prefix: prefix, from: start) { key, value throws(VexFSError) in
            guard let row = StoreKey.row(ofVector: key) else { return true }
            return try body(row, value)
        }
    }
}
