/// What takes space and belongs to nothing: no harm, and a sign that something was not taken away to its end.
extension StoreCheck {
    /// Looks for versions of documents that no file, snapshot or removed document has. Only where nothing is damaged:
    /// what cannot be read names nothing.
    mutating func checkVersions(of number: UInt32, _ name: String) {
        guard report.problems.isEmpty, let rows = known[number]?.rows else { return }
        var stray = RowBitmap()
        var bytes = 0
        walk(StoreKey.prefix(.document, number), "the documents of \(name)") { key, value in
            guard let row = StoreKey.number(of: key).flatMap(Row.init(exactly:)), !rows.contains(row) else { return }
            stray.insert(row)
            bytes += value.count
        }
        walk(StoreKey.prefix(.vector, number), "the vectors of \(name)") { key, value in
            guard let row = StoreKey.row(ofVector: key), !rows.contains(row) else { return }
            stray.insert(row)
            bytes += value.count
        }
        guard let first = stray.first else { return }
        noteLeftover(
            name,
            "\(stray.count) versions of documents (\(bytes) bytes) belong to no file, snapshot or removed document, "
                + "the first is row \(first)")
    }

    /// Looks for what is stored of collections and snapshots that there are no more.
    mutating func checkOwners() {
        guard report.problems.isEmpty else { return }
        var owners = Set(known.keys)
        // What restores began with goes at the next open.
        walk(StoreKey.meta(RestoreTarget.unfinished), "the restores") { key, _ in
            let digits = key.dropFirst(StoreKey.meta(RestoreTarget.unfinished).count)
            if let number = UInt32(String(decoding: digits, as: UTF8.self)) { owners.insert(number) }
        }
        for family in StoreKey.Family.ofCollection {
            var allowed = owners
            if family == .property { allowed.formUnion(known.values.flatMap(\.snapshots) + [0]) }
            for number in numbers(behind: StoreKey.prefix(family)) where !allowed.contains(number) {
                noteLeftover("the database", "keys of the family \(family) are of collection \(number), which is gone")
            }
        }
        for (collection, found) in known {
            for number in numbers(behind: StoreKey.prefix(.snapshotMark, collection))
            where !found.snapshots.contains(number) {
                noteLeftover("the database", "collection \(collection) has marks of snapshot \(number), which is gone")
            }
        }
    }

    /// The numbers (u32) that follow a prefix in keys. O(numbers) look-ups.
    private mutating func numbers(behind prefix: [UInt8]) -> [UInt32] {
        var found: [UInt32] = []
        var start = prefix
        while true {
            var next: UInt32?
            do throws(VexFSError) {
                try database.forEach(prefix: prefix, from: start) { key, _ in
                    guard key.count >= prefix.count + 4 else { return true }
                    next = UInt32(bigEndian: key.loadUnaligned(fromByteOffset: prefix.count, as: UInt32.self))
                    return false
                }
            } catch {
                note("the database", error.description)
            }
            guard let next, next < .max else { return found }
            found.append(next)
            start = prefix + withUnsafeBytes(of: (next + 1).bigEndian) { Array($0) }
        }
    }

    private mutating func noteLeftover(_ place: String, _ message: String) {
        report.leftovers.append(.init(place: place, message: "\(message); it takes space and does no harm"))
    }
}
