import CRocksDB

extension RocksDB {
    /// Lends the values of keys in the order of the keys, nil where there is none. They are read together: one look at
    /// which tables there are, and one at each block that has several of them.
    ///
    /// The buffers are valid only during the call.
    func values(
        _ keys: [[UInt8]], _ body: (_ place: Int, _ value: UnsafeRawBufferPointer?) throws(VexFSError) -> Void
    ) throws(VexFSError) {
        if isReadOnly || keys.count < 2 {
            for (place, key) in keys.enumerated() {
                guard let value = try value(key) else {
                    try body(place, nil)
                    continue
                }
                try value.withSystemBytes { bytes throws(VexFSError) in try body(place, bytes) }
            }
            return
        }
        try requireOpen()
        var messages = [UnsafeMutablePointer<CChar>?](repeating: nil, count: keys.count)
        let slices = pinned(keys, &messages)
        defer { for slice in slices { if let slice { rocksdb_pinnableslice_destroy(slice) } } }
        var failure: VexFSError?
        for message in messages where message != nil {
            do throws(VexFSError) { try Self.check(message, doing: "read from the store") } catch { failure = error }
        }
        if let failure { throw failure }
        for (place, slice) in slices.enumerated() {
            var count = 0
            guard let slice, let bytes = rocksdb_pinnableslice_value(slice, &count) else {
                try body(place, nil)
                continue
            }
            try body(place, UnsafeRawBufferPointer(start: bytes, count: count))
        }
    }

    private func pinned(
        _ keys: [[UInt8]], _ messages: inout [UnsafeMutablePointer<CChar>?]
    ) -> [OpaquePointer?] {
        var slices = [OpaquePointer?](repeating: nil, count: keys.count)
        let sizes = keys.map(\.count)
        // The keys side by side, so that their addresses hold for as long as the one array is lent.
        keys.flatMap(\.self).withUnsafeBytes { all in
            var start = all.baseAddress?.assumingMemoryBound(to: CChar.self)
            var addresses: [UnsafePointer<CChar>?] = []
            addresses.reserveCapacity(keys.count)
            for size in sizes {
                addresses.append(start)
                start = start.map { $0 + size }
            }
            rocksdb_batched_multi_get_cf(
                database, readOptions, family, keys.count, addresses, sizes, &slices, &messages, false)
        }
        return slices
    }
}
