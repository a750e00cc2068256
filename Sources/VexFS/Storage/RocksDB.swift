import CRocksDB
import Synchronization

/// The tables of the store's database: sorted files, and in front of them a memory table without a log of its own.
///
/// RocksDB is thread-safe; so is this class. What ``apply(_:)`` was given is on the disk after ``flush()``; until then
/// the journal of ``Database`` has it.
final class RocksDB: @unchecked Sendable {
    // The handles are set once and only used through RocksDB's own synchronised calls.
    let database: OpaquePointer
    /// What several values are read from at once: the one column family there is.
    let family: OpaquePointer
    let readOptions: OpaquePointer
    private let writeOptions: OpaquePointer
    private let isClosed = Atomic<Bool>(false)
    let isReadOnly: Bool

    /// What is worth tuning.
    struct Tuning {
        /// Bytes of changes that are brought to table files together.
        var writeBufferBytes = 64 << 20
        /// What is asked for often stays in the record cache in less room.
        var blockCacheBytes = 32 << 20
        var createIfMissing = false
        /// Changes nothing on the disk.
        var isReadOnly = false
    }

    /// Bytes that a memory table grows by.
    private static let memoryBlockBytes = 4 << 20

    /// Bytes of changes in memory, rounded up.
    var memoryTableBytes: Int { property("rocksdb.cur-size-all-mem-tables").flatMap { Int($0) } ?? 0 }

    /// Opens the database.
    /// - Throws: `corruption`, `storeFull` or `inputOutput`.
    init(path: String, tuning: Tuning) throws(VexFSError) {
        let options = Self.makeOptions(tuning)
        defer { rocksdb_options_destroy(options) }
        (database, family) = try Self.open(path, options, isReadOnly: tuning.isReadOnly)
        isReadOnly = tuning.isReadOnly
        readOptions = rocksdb_readoptions_create()
        writeOptions = rocksdb_writeoptions_create()
        rocksdb_writeoptions_disable_WAL(writeOptions, 1)
    }

    private static func open(
        _ path: String, _ options: OpaquePointer, isReadOnly: Bool
    ) throws(VexFSError) -> (database: OpaquePointer, family: OpaquePointer) {
        var message: UnsafeMutablePointer<CChar>?
        var family: OpaquePointer?
        let handle = "default".withCString { name in
            var names: [UnsafePointer<CChar>?] = [name]
            var all: [OpaquePointer?] = [options]
            return isReadOnly
                ? rocksdb_open_for_read_only_column_families(
                    options, path, 1, &names, &all, &family, 0, &message)
                : rocksdb_open_column_families(options, path, 1, &names, &all, &family, &message)
        }
        try check(message, doing: "open the database at \(path)")
        guard let handle, let family else { throw VexFSError(.inputOutput, "cannot open the database at \(path)") }
        return (handle, family)
    }

    deinit { close() }

    /// Closes the database; whoever still asks it something gets an error. No other call may be under way.
    func close() {
        guard !isClosed.exchange(true, ordering: .acquiringAndReleasing) else { return }
        rocksdb_readoptions_destroy(readOptions)
        rocksdb_writeoptions_destroy(writeOptions)
        rocksdb_column_family_handle_destroy(family)
        rocksdb_close(database)
    }

    /// Brings everything that was applied to table files on the disk.
    /// - Throws: `storeFull`, `inputOutput`.
    func flush() throws(VexFSError) {
        try requireOpen()
        let options = rocksdb_flushoptions_create()
        defer { rocksdb_flushoptions_destroy(options) }
        var message: UnsafeMutablePointer<CChar>?
        rocksdb_flush(database, options, &message)
        try Self.check(message, doing: "write the tables")
    }

    /// The number of the newest change as RocksDB counts them.
    var latestSequence: UInt64 { isClosed.load(ordering: .relaxed) ? 0 : rocksdb_get_latest_sequence_number(database) }

    func requireOpen() throws(VexFSError) {
        if isClosed.load(ordering: .relaxed) { throw VexFSError(.inputOutput, "the store is closed") }
    }

    private static func makeOptions(_ tuning: Tuning) -> OpaquePointer {
        let options: OpaquePointer = rocksdb_options_create()
        rocksdb_options_set_create_if_missing(options, tuning.createIfMissing ? 1 : 0)
        rocksdb_options_set_compression(options, Int32(rocksdb_lz4_compression))
        // Twice what is flushed together, so that only the journal decides when.
        rocksdb_options_set_write_buffer_size(options, tuning.writeBufferBytes * 2)
        rocksdb_options_set_max_write_buffer_number(options, 3)
        // Maps of their own (`vexfs_keep_large_memory_apart`), which go when the memory table does; smaller ones would
        // stay with the thread that writes.
        // A table that its first block fills would be full before it begins.
        rocksdb_options_set_arena_block_size(options, min(memoryBlockBytes, tuning.writeBufferBytes / 8))
        rocksdb_options_set_max_background_jobs(options, 2)
        rocksdb_options_set_keep_log_file_num(options, 2)
        // The list of tables has some kilobytes; it would take 4 MiB beforehand.
        rocksdb_options_set_manifest_preallocation_size(options, 64 << 10)
        rocksdb_options_set_info_log_level(options, Int32(2))
        // Documents of a kilobyte and more go to files of their own at the flush, and compaction moves only their keys.
        rocksdb_options_set_enable_blob_files(options, 1)
        rocksdb_options_set_min_blob_size(options, 1024)
        // They stay as they are: LZ4 makes nothing of the digits of vectors, and costs a core at bulk ingest.
        rocksdb_options_set_blob_compression_type(options, Int32(rocksdb_no_compression))
        rocksdb_options_set_enable_blob_gc(options, 1)
        // Else every compaction would copy the oldest quarter of all documents, removed or not.
        rocksdb_options_set_blob_gc_age_cutoff(options, 0)
        // A torn tail after power loss ends the log; anything torn before its end is corruption, not loss.
        rocksdb_options_set_wal_recovery_mode(options, Int32(rocksdb_point_in_time_recovery))
        let table: OpaquePointer = rocksdb_block_based_options_create()
        rocksdb_block_based_options_set_filter_policy(table, rocksdb_filterpolicy_create_bloom_full(10))
        let cache: OpaquePointer = rocksdb_cache_create_lru(tuning.blockCacheBytes)
        rocksdb_block_based_options_set_block_cache(table, cache)
        // A record that is not in the cache takes the unpacking of its whole block.
        rocksdb_block_based_options_set_block_size(table, 8 << 10)
        rocksdb_options_set_block_based_table_factory(options, table)
        rocksdb_cache_destroy(cache)
        rocksdb_block_based_options_destroy(table)
        return options
    }

    /// Copies out a value, or returns nil where there is none.
    func value(_ key: [UInt8]) throws(VexFSError) -> [UInt8]? {
        try requireOpen()
        if isReadOnly { return try walkedValue(key) }
        var message: UnsafeMutablePointer<CChar>?
        let slice = key.withUnsafeBytes {
            rocksdb_get_pinned(
                database, readOptions, $0.baseAddress?.assumingMemoryBound(to: CChar.self), $0.count, &message)
        }
        defer { if let slice { rocksdb_pinnableslice_destroy(slice) } }
        try Self.check(message, doing: "read from the store")
        guard let slice else { return nil }
        var count = 0
        guard let bytes = rocksdb_pinnableslice_value(slice, &count) else { return nil }
        return [UInt8](UnsafeRawBufferPointer(start: bytes, count: count))
    }

    /// The value of a key by way of an iterator: RocksDB 7.8, opened to read only, does not find values in blob files
    /// by key after a restart that replayed a log.
    private func walkedValue(_ key: [UInt8]) throws(VexFSError) -> [UInt8]? {
        var found: [UInt8]?
        try forEach(prefix: key) { place, value in
            if place.count == key.count { found = [UInt8](value) }
            return false
        }
        return found
    }

    /// Applies a batch of ``RocksDB/Batch`` atomically.
    func apply(_ batch: Batch) throws(VexFSError) {
        try requireOpen()
        var message: UnsafeMutablePointer<CChar>?
        // RocksDB counts every comparison of keys for whoever asks; nobody does. The setting is the thread's own.
        rocksdb_set_perf_level(Int32(rocksdb_disable))
        rocksdb_write(database, writeOptions, batch.handle, &message)
        try Self.check(message, doing: "write to the store")
    }

    /// Calls `body` with every key that starts with `prefix`, ascending, beginning at `start`; false ends the walk.
    ///
    /// The buffers are valid only during the call.
    func forEach(
        prefix: [UInt8], from start: [UInt8]? = nil,
        _ body: (_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) throws(VexFSError) -> Bool
    ) throws(VexFSError) {
        try requireOpen()
        let iterator: OpaquePointer = rocksdb_create_iterator(database, readOptions)
        defer { rocksdb_iter_destroy(iterator) }
        Self.seek(iterator, start ?? prefix, rocksdb_iter_seek)
        while rocksdb_iter_valid(iterator) != 0 {
            let key = Self.buffer(iterator, rocksdb_iter_key)
            guard key.starts(with: prefix) else { return }
            guard try body(key, Self.buffer(iterator, rocksdb_iter_value)) else { return }
            rocksdb_iter_next(iterator)
        }
        var message: UnsafeMutablePointer<CChar>?
        rocksdb_iter_get_error(iterator, &message)
        try Self.check(message, doing: "walk the store")
    }

    /// The number at the end of the last key with this prefix, or nil where there is none.
    func lastNumber(prefix: [UInt8]) throws(VexFSError) -> UInt64? {
        try requireOpen()
        let iterator: OpaquePointer = rocksdb_create_iterator(database, readOptions)
        defer { rocksdb_iter_destroy(iterator) }
        Self.seek(iterator, prefix + [UInt8](repeating: 0xFF, count: 9), rocksdb_iter_seek_for_prev)
        guard rocksdb_iter_valid(iterator) != 0 else { return nil }
        let key = Self.buffer(iterator, rocksdb_iter_key)
        return key.starts(with: prefix) ? StoreKey.number(of: key) : nil
    }

    /// Rewrites the keys of a range without what was deleted, and the values that stand in files of their own with
    /// what was deleted. Other calls go on meanwhile.
    func compact(from start: [UInt8], to end: [UInt8]) throws(VexFSError) {
        try requireOpen()
        // Values are moved only at such a time.
        try set("blob_garbage_collection_age_cutoff", "1.0")
        let options: OpaquePointer = rocksdb_compactoptions_create()
        defer { rocksdb_compactoptions_destroy(options) }
        rocksdb_compactoptions_set_exclusive_manual_compaction(options, 0)
        rocksdb_compactoptions_set_bottommost_level_compaction(options, 2)
        start.withUnsafeBytes { start in
            end.withUnsafeBytes { end in
                rocksdb_compact_range_opt(
                    database, options, start.baseAddress?.assumingMemoryBound(to: CChar.self), start.count,
                    end.baseAddress?.assumingMemoryBound(to: CChar.self), end.count)
            }
        }
        try set("blob_garbage_collection_age_cutoff", "0.0")
    }

    private func set(_ option: String, _ value: String) throws(VexFSError) {
        var message: UnsafeMutablePointer<CChar>?
        option.withCString { name in
            value.withCString { text in
                var names: [UnsafePointer<CChar>?] = [name]
                var values: [UnsafePointer<CChar>?] = [text]
                rocksdb_set_options(database, 1, &names, &values, &message)
            }
        }
        try Self.check(message, doing: "prepare the store's compaction")
    }

    /// Bytes of the values that stand in files of their own, and how many of them were deleted or replaced.
    var largeValues: (bytes: Int, garbage: Int) {
        let figures = ["rocksdb.live-blob-file-size", "rocksdb.live-blob-file-garbage-size"].map {
            property($0).flatMap { Int($0) } ?? 0
        }
        return (figures[0], figures[1])
    }

    /// A property such as "rocksdb.estimate-num-keys" as text.
    func property(_ name: String) -> String? {
        guard !isClosed.load(ordering: .relaxed), let text = rocksdb_property_value(database, name) else { return nil }
        defer { rocksdb_free(text) }
        return String(cString: text)
    }

    private static func seek(
        _ iterator: OpaquePointer, _ key: [UInt8], _ function: (OpaquePointer?, UnsafePointer<CChar>?, Int) -> Void
    ) {
        key.withUnsafeBytes { function(iterator, $0.baseAddress?.assumingMemoryBound(to: CChar.self), $0.count) }
    }

    private static func buffer(
        _ iterator: OpaquePointer, _ function: (OpaquePointer?, UnsafeMutablePointer<Int>?) -> UnsafePointer<CChar>?
    ) -> UnsafeRawBufferPointer {
        var count = 0
        let start = function(iterator, &count)
        return UnsafeRawBufferPointer(start: start, count: count)
    }

    /// Turns RocksDB's message into our error and frees it.
    static func check(
        _ message: UnsafeMutablePointer<CChar>?, doing action: String
    ) throws(VexFSError) {
        guard let message else { return }
        let text = String(cString: message)
        rocksdb_free(message)
        if text.contains("No space left") || text.contains("Disk quota exceeded") {
            throw VexFSError(.storeFull, "the disk that holds the store is full; free some space", cause: text)
        }
        if text.hasPrefix("Corruption") {
            throw VexFSError(.corruption, "the store is damaged; run vexfs-fuse fsck", cause: text)
        }
        throw VexFSError(.inputOutput, "cannot \(action)", cause: text)
    }
}
