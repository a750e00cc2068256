/// The settings that can be read and written: `config.json` and `schema.json`.
extension Collection {
    /// `config.json`: the settings as they are.
    public func configurationText() -> [UInt8] { configuration.json.pretty }

    /// Takes over settings; keys that are not given stay as they are.
    /// - Throws: `invalidConfiguration` where a value is not allowed, or where vectors are there that it would not fit.
    public func setConfiguration(_ bytes: [UInt8]) throws(VexFSError) {
        let change = try JSON.parseControl(bytes, code: .invalidConfiguration)
        try write { () throws(VexFSError) in
            let (current, hasVectors) = state.withLock { ($0.configuration, $0.unnamed.vectors != nil) }
            var wanted = current
            try wanted.merge(change)
            if hasVectors {
                try Self.refuse(wanted.metric != current.metric, "metric")
                try Self.refuse(wanted.dimension != current.dimension, "dimension")
            }
            try Self.refuse(wanted.space != current.space, "space")
            let settings = wanted
            let batch = WriteBatch()
            batch.configuration = settings
            batch.put(StoreKey.collection(number), state.withLock { encodedRecord($0, changedBy: batch) })
            try database.write(batch)
            state.withLock { state in
                state.configuration = settings
                state.unnamed.forgetIndex()
            }
            // Another index takes the old one's place when it is built; none has nothing to wait for.
            if settings.unnamed.recipe == nil { try dropSegments(of: VectorSpace.unnamed) }
        }
    }

    private static func refuse(_ isChanged: Bool, _ key: String) throws(VexFSError) {
        guard isChanged else { return }
        throw VexFSError(
            .invalidConfiguration,
            "\"\(key)\" cannot change once the collection has vectors; make a new collection and copy the documents")
    }

    /// `schema.json`: the fields with an index in memory, and what it is prepared for.
    public func schemaText() -> [UInt8] { payloads.schema.json.pretty }

    /// Builds an index for every field that the schema names; other fields get theirs when first filtered on.
    /// - Throws: `invalidConfiguration`.
    public func setSchema(_ bytes: [UInt8]) throws(VexFSError) {
        let schema = try PayloadSchema(json: try JSON.parseControl(bytes, code: .invalidConfiguration))
        let batch = WriteBatch()
        batch.put(StoreKey.property(number, "schema/indexed"), schema.stored.compact)
        try database.write(batch)
        try payloads.apply(schema, among: state.withLock { $0.rows.live }, load: loadPayloads)
    }
}
