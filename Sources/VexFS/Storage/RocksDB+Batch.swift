import CRocksDB

extension RocksDB {
    /// Changes for the tables. Used by one thread at a time, and again and again: its memory stays.
    final class Batch {
        let handle: OpaquePointer

        init() { handle = rocksdb_writebatch_create() }

        deinit { rocksdb_writebatch_destroy(handle) }

        func clear() { rocksdb_writebatch_clear(handle) }

        func put(_ key: [UInt8], _ value: UnsafeRawBufferPointer) {
            key.withUnsafeBytes { key in
                rocksdb_writebatch_put(
                    handle, key.baseAddress?.assumingMemoryBound(to: CChar.self), key.count,
                    value.baseAddress?.assumingMemoryBound(to: CChar.self), value.count)
            }
        }

        func delete(_ key: [UInt8]) {
            key.withUnsafeBytes {
                rocksdb_writebatch_delete(handle, $0.baseAddress?.assumingMemoryBound(to: CChar.self), $0.count)
            }
        }

        func deleteAll(prefix: [UInt8]) {
            let end = prefix + [UInt8](repeating: 0xFF, count: 300)
            prefix.withUnsafeBytes { start in
                end.withUnsafeBytes { end in
                    rocksdb_writebatch_delete_range(
                        handle, start.baseAddress?.assumingMemoryBound(to: CChar.self), start.count,
                        end.baseAddress?.assumingMemoryBound(to: CChar.self), end.count)
                }
            }
        }

        /// Adds the changes of records, which stand in order.
        ///
        /// Those of one family stand together: keys that ascend are found at once in the memory table, where those of
        /// mixed families are searched for from the top.
        func add(_ group: [JournalEntry]) {
            for prefix in group.lazy.flatMap(\.erased) { deleteAll(prefix: prefix) }
            let document = StoreKey.Family.document.rawValue
            for isDocument in [true, false] {
                for entry in group {
                    for change in entry.changes where (change.key.first == document) == isDocument {
                        entry.withValue(of: change) { value in
                            if let value { put(change.key, value) } else { delete(change.key) }
                        }
                    }
                }
            }
        }
    }
}
