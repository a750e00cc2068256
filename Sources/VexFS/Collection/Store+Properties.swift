/// Small named values: pinned and saved searches. Owner 0 is the store, others are collections.
extension Store {
    /// A property and its value.
    public struct Property: Sendable {
        /// Its name.
        public let key: String
        /// Its bytes.
        public let value: [UInt8]
    }

    /// The value of a property, or nil.
    public func property(_ key: String, of owner: UInt32) throws(VexFSError) -> [UInt8]? {
        try context.database.value(StoreKey.property(owner, key))
    }

    /// Sets a property; nil removes it.
    /// - Throws: `storeFull`, `inputOutput`.
    public func setProperty(_ key: String, of owner: UInt32, to value: [UInt8]?) throws(VexFSError) {
        let owned = context.snapshotOwners.withLock { $0[owner] }
        if owned != nil { throw .snapshotIsReadOnly }
        let batch = WriteBatch()
        if let value {
            try context.space.claim(value.count + key.utf8.count)
            batch.put(StoreKey.property(owner, key), value)
        } else {
            batch.delete(StoreKey.property(owner, key))
        }
        try context.database.write(batch)
        context.noteUnsynced()
    }

    /// Every property whose name starts so, by name.
    public func properties(withPrefix prefix: String, of owner: UInt32) throws(VexFSError) -> [Property] {
        var found: [Property] = []
        let start = StoreKey.prefix(.property, owner).count
        try context.database.forEach(prefix: StoreKey.property(owner, prefix)) { key, value in
            found.append(Property(key: String(decoding: key[start...], as: UTF8.self), value: [UInt8](value)))
            return true
        }
        return found
    }
}
