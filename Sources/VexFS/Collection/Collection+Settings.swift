/// The settings that can be read and written: `config.json` and `schema.json`.
extension Collection {
    /// `config.json`: the settings as they are.
    public func configurationText() -> [UInt8] { configuration.json.pretty }

    /// Takes over settings; keys that are not given stay as they are. A vector that comes is empty at first: documents
    /// get theirs when they are written. One that goes is gone with everything that was stored of it, but for what the
    /// documents' bytes say.
    /// - Throws: `invalidConfiguration` where a value is not allowed, or where vectors are there that it would not fit.
    public func setConfiguration(_ bytes: [UInt8]) throws(VexFSError) {
        let change = try JSON.parseControl(bytes, code: .invalidConfiguration)
        let gone = try write { () throws(VexFSError) in
            let (current, spaces, next) = state.withLock { ($0.configuration, $0.spaces, $0.nextSpace) }
            var wanted = current
            try wanted.merge(change)
            try Self.refuse(wanted.space != current.space, "space")
            for space in spaces where space.vectors != nil || !space.held.isEmpty {
                guard let new = wanted.settings(of: space.name), let old = current.settings(of: space.name) else {
                    continue
                }
                let prefix = space.name.isEmpty ? "" : "vectors.\(space.name)."
                try Self.refuse(new.metric != old.metric, prefix + "metric")
                try Self.refuse(new.dimension != old.dimension, prefix + "dimension")
                try Self.refuse(new.element != old.element, prefix + "datatype")
                try Self.refuse(new.kind != old.kind, prefix + (old.kind == .sparse ? "sparse" : "multivector"))
                try Self.refuse(new.textModel != old.textModel, prefix + "model")
            }
            let dropped = spaces.filter { wanted.settings(of: $0.name) == nil }
            for space in dropped { try refuseIfKept(space) }
            let new = wanted.named.filter { named in !spaces.contains { $0.name == named.name } }
            let added = new.enumerated().map { VectorSpace(number: next + SpaceNumber($0), name: $1.name) }
            try write(wanted, adding: added, dropping: dropped)
            // Another index takes the old one's place when it is built; none has nothing to wait for.
            for space in state.withLock({ $0.spaces }) where wanted.settings(of: space.name)?.recipe == nil {
                try dropSegments(of: space.number)
            }
            return dropped
        }
        for space in gone { removeFiles(of: space) }
        try expireTrash(now: SystemCall.now())
    }

    /// Writes and shows settings and the spaces that they need.
    private func write(
        _ settings: CollectionConfiguration, adding added: [VectorSpace], dropping dropped: [VectorSpace]
    ) throws(VexFSError) {
        let batch = WriteBatch()
        let (spaces, next) = state.withLock { ($0.spaces, $0.nextSpace) }
        let gone = Set(dropped.map(\.number))
        batch.configuration = settings
        batch.spaces = spaces.filter { !gone.contains($0.number) } + added
        batch.nextSpace = next + SpaceNumber(added.count)
        batch.put(StoreKey.collection(number), state.withLock { encodedRecord($0, changedBy: batch) })
        for space in dropped {
            batch.delete(StoreKey.segments(number, space.number))
            guard configuration.settings(of: space.name)?.kind != .dense else { continue }
            batch.deleteAll(prefix: StoreKey.vectors(number, space.number))
        }
        for pack in gone.isEmpty ? [] : try database.packs(of: number) where gone.contains(pack.space) {
            batch.delete(StoreKey.pack(number, pack.space, chunk: pack.chunk))
        }
        try database.write(batch)
        // The files of what goes are removed next, and a record that names them must not come back.
        if !gone.isEmpty { try database.syncLog() }
        state.withLock { state in
            state.configuration = settings
            state.nextSpace = next + SpaceNumber(added.count)
            state.spaces.removeAll { gone.contains($0.number) }
            state.spaces += added
            for place in state.spaces.indices { state.spaces[place].forgetIndex() }
        }
    }

    /// Removes the files of a space that is no more; searches that began before keep what they map.
    private func removeFiles(of space: VectorSpace) {
        removeFiles(space.segments.entries)
        space.vectors?.unlinkAll()
    }

    /// Refuses to drop a space while snapshots or forks have vectors of it.
    private func refuseIfKept(_ space: VectorSpace) throws(VexFSError) {
        let holder = state.withLock { state in
            state.snapshots.first { $0.vectors[space.number].map { !$0.isEmpty } ?? false }
        }
        guard let holder else { return }
        let who = holder.name.map { "the snapshot \($0) has" } ?? "a fork of this collection has"
        throw VexFSError(
            .busy, "the vector \"\(space.name)\" cannot be removed while \(who) documents with it; remove that first")
    }

    private static func refuse(_ isChanged: Bool, _ key: String) throws(VexFSError) {
        guard isChanged else { return }
        throw VexFSError(
            .invalidConfiguration,
            "\"\(key)\" cannot change once the collection has such vectors; make a new collection and copy the "
                + "documents"
        )
    }

    /// `schema.json`: the fields with an index in memory, and what it is prepared for.
    public func schemaText() -> [UInt8] { payloads.schema.json.pretty }

    /// Builds an index for every field that the schema names; other fields get theirs when first filtered on.
    /// - Throws: `invalidConfiguration`.
    public func setSchema(_ bytes: [UInt8]) throws(VexFSError) {
        try requireWritable()
        let schema = try PayloadSchema(json: try JSON.parseControl(bytes, code: .invalidConfiguration))
        let batch = WriteBatch()
        batch.put(StoreKey.property(number, "schema/indexed"), schema.stored.compact)
        try database.write(batch)
        let paths = Set(schema.fields.map { PayloadPath($0.name) })
        for (owner, rows) in byOwner(state.withLock { $0.rows.live }) {
            if owner === self {
                try payloads.apply(schema, among: rows, load: loadPayloads(_:keeping:_:))
            } else {
                _ = try owner.payloads.cover(paths, rows, loadPayloads(_:keeping:_:))
            }
        }
    }
}
