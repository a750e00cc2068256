import CRocksDB

/// Changes that are applied together or not at all. Used by one thread at a time.
final class WriteBatch {
    let handle: OpaquePointer
    /// Settings and file numbers that the collection's record gets with this batch; several steps of one commit may
    /// change it, and the last record written must hold all of it.
    var configuration: CollectionConfiguration?
    var reservedFiles: FileNumber?
    /// The spaces of vectors as they are with this batch, and the number of the next.
    var spaces: [VectorSpace]?
    var nextSpace: SpaceNumber?
    /// Vector files that were made for this batch: readers see them once it is written.
    var vectorFiles: [SpaceNumber: VectorFile] = [:]
    /// What is done in memory once the changes are written; nothing of it where the write fails.
    private(set) var completions: [() -> Void] = []
    /// Changes that come behind all others.
    private var postponed: [(key: [UInt8], value: [UInt8])] = []

    init() { handle = rocksdb_writebatch_create() }

    deinit { rocksdb_writebatch_destroy(handle) }

    /// Puts off a change in memory until the batch is written.
    func onceWritten(_ completion: @escaping () -> Void) { completions.append(completion) }

    func put(_ key: [UInt8], _ value: [UInt8]) {
        value.withUnsafeBytes { put(key, $0) }
    }

    func put(_ key: [UInt8], _ value: UnsafeRawBufferPointer) {
        key.withUnsafeBytes { keyBytes in
            rocksdb_writebatch_put(
                handle, keyBytes.baseAddress?.assumingMemoryBound(to: CChar.self), keyBytes.count,
                value.baseAddress?.assumingMemoryBound(to: CChar.self), value.count)
        }
    }

    /// Puts behind everything else. Keys of one family that ascend are found at once in the memory table, where those
    /// of mixed families are searched for from the top.
    func putLater(_ key: [UInt8], _ value: [UInt8]) { postponed.append((key, value)) }

    /// Adds what was put off.
    func seal() {
        for (key, value) in postponed { put(key, value) }
        postponed = []
    }

    func delete(_ key: [UInt8]) {
        key.withUnsafeBytes {
            rocksdb_writebatch_delete(handle, $0.baseAddress?.assumingMemoryBound(to: CChar.self), $0.count)
        }
    }

    /// Deletes every key that starts with `prefix`; the cost does not grow with their number.
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
}
