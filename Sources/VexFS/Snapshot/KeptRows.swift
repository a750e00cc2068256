/// Who keeps rows that are no document's current version any more.
enum RowHolder: Hashable, Sendable {
    /// A snapshot, by its number.
    case snapshot(UInt32)
    /// The documents that were removed and can be had back.
    case trash
}

/// Which rows must stay although no document of the collection has them: the one place that everything asks which
/// would delete a row's content or give back its vector.
struct KeptRows: Sendable {
    private var holders: [RowHolder: RowBitmap] = [:]
    /// The rows that any holder keeps.
    private(set) var all = RowBitmap()

    /// The rows that a holder keeps.
    func rows(of holder: RowHolder) -> RowBitmap { holders[holder] ?? RowBitmap() }

    /// Lets a holder keep these rows and no others; returns the rows that no holder keeps any more. O(holders ×
    /// containers).
    fileprivate mutating func set(_ rows: RowBitmap?, of holder: RowHolder) -> RowBitmap {
        let before = all
        holders[holder] = rows
        all = RowBitmap()
        for rows in holders.values { all.formUnion(rows) }
        return before.subtracting(all)
    }

    /// Lets a holder keep one row more.
    fileprivate mutating func insert(_ row: Row, of holder: RowHolder) {
        holders[holder, default: RowBitmap()].insert(row)
        all.insert(row)
    }

    /// Lets a holder let go of a row.
    fileprivate mutating func remove(_ row: Row, of holder: RowHolder) {
        holders[holder]?.remove(row)
        if !keeps(row, besides: holder) { all.remove(row) }
    }

    /// Whether anyone but one holder keeps a row.
    func keeps(_ row: Row, besides holder: RowHolder?) -> Bool {
        guard let holder else { return all.contains(row) }
        return holders.contains { $0.key != holder && $0.value.contains(row) }
    }
}

extension Collection.State {
    /// Lets a holder keep these rows and no others. `vectors` are those of them that have one, for each space; rows
    /// that are live now need not be named there, since ``remove(_:)`` sees theirs.
    /// - Returns: the rows that neither a document nor a holder has any more.
    mutating func keep(
        _ rows: RowBitmap?, vectors: [SpaceNumber: RowBitmap] = [:], by holder: RowHolder
    ) -> RowBitmap {
        let freed = kept.set(rows, of: holder).subtracting(self.rows.live)
        for place in spaces.indices {
            if let more = vectors[spaces[place].number] { spaces[place].kept.formUnion(more) }
            spaces[place].kept = spaces[place].kept.intersection(kept.all).subtracting(spaces[place].withVector)
        }
        return freed
    }

    /// Lets a holder keep one row more, which is live: ``remove(_:)`` sees its vectors. O(1).
    mutating func keep(_ row: Row, by holder: RowHolder) { kept.insert(row, of: holder) }

    /// Lets a holder let go of a row that is not live. O(holders).
    mutating func letGo(of row: Row, by holder: RowHolder) {
        kept.remove(row, of: holder)
        guard !kept.all.contains(row) else { return }
        for place in spaces.indices { spaces[place].kept.remove(row) }
    }
}

extension VectorSpace {
    /// Every row whose vector must stay: the live ones and those that are kept.
    var held: RowBitmap { kept.isEmpty ? withVector : withVector.union(kept) }
}

extension Collection {
    /// Adds the deletion of what is stored of a row to a batch, unless someone keeps it or it is another collection's:
    /// the only way to delete a row. The writer's lock is held.
    /// - Parameter holder: who lets go of the row with this batch.
    func deleteRow(_ row: Row, _ batch: WriteBatch, releasedBy holder: RowHolder? = nil) {
        guard owner(of: row) === self, !state.withLock({ $0.kept.keeps(row, besides: holder) }) else { return }
        delete(row, storedSpaces, batch)
    }

    private func delete(_ row: Row, _ spaces: [SpaceNumber], _ batch: WriteBatch) {
        batch.delete(StoreKey.document(number, row))
        for space in spaces { batch.delete(StoreKey.vector(number, space, row)) }
    }

    /// Deletes what is stored of rows that nobody has any more, a few at a time.
    func deleteRows(_ rows: RowBitmap) throws(VexFSError) {
        let spaces = storedSpaces
        var batch = WriteBatch()
        var count = 0
        for row in rows.rows where owner(of: row) === self {
            delete(row, spaces, batch)
            count += 1
            guard count % 4096 == 0 else { continue }
            try database.write(batch)
            batch = WriteBatch()
        }
        try database.write(batch)
    }
}
