/// What snapshots and forks keep.
extension StoreCheck {
    /// What a fork began with; nil for a collection that is none.
    mutating func base(of number: UInt32, _ json: JSON, _ name: String) -> ForkBase? {
        guard let base = json["base"], base != .null else { return nil }
        do throws(VexFSError) {
            guard let parent = base["collection"]?.integerValue.flatMap(UInt32.init(exactly:)), known[parent] != nil,
                let snapshot = base["snapshot"]?.integerValue.flatMap(UInt32.init(exactly:)),
                let bytes = try database.value(StoreKey.snapshot(parent, snapshot))
            else { throw VexFSError(.corruption, "what the fork began with is missing from the store") }
            let decoded = try bytes.withSystemBytes { bytes throws(VexFSError) in
                try Snapshot(number: snapshot, decoding: bytes)
            }
            return ForkBase(
                number: parent, rowsBelow: Origin.firstOwnRow(behind: decoded.rowsBelow), rows: decoded.rows)
        } catch {
            note(name, error.message)
            return nil
        }
    }

    /// The number of the collection that wrote a row of a collection.
    func owner(of row: Row, in number: UInt32) -> UInt32 {
        guard let base = known[number]?.base, row < base.rowsBelow else { return number }
        return owner(of: row, in: base.number)
    }

    /// The snapshots of a collection, the oldest first.
    mutating func snapshots(of number: UInt32, _ name: String) -> [Snapshot] {
        var found: [Snapshot] = []
        var damaged: [String] = []
        walk(StoreKey.prefix(.snapshot, number), "the snapshots of \(name)") { key, value in
            guard key.count == 9 else { return }
            let own = UInt32(bigEndian: key.loadUnaligned(fromByteOffset: 5, as: UInt32.self))
            do throws(VexFSError) { found.append(try Snapshot(number: own, decoding: value)) } catch {
                damaged.append("snapshot \(own): \(error.message)")
            }
        }
        for message in damaged { note("\(name), snapshots", message) }
        return found
    }

    /// Compares what was kept for a snapshot with its checksums. Later snapshots were looked at before.
    mutating func check(_ snapshot: Snapshot, _ number: UInt32, _ name: String) {
        let place = "\(name)@\(snapshot.name?.string ?? "fork")"
        var marks: [(FileNumber, SnapshotMark)] = []
        var damaged: [FileNumber] = []
        let prefix = StoreKey.snapshotMarks(number, snapshot.number)
        walk(prefix, "the files of \(place)") { key, value in
            guard key.count == prefix.count + 8 else { return }
            let file = FileNumber(bigEndian: key.loadUnaligned(fromByteOffset: prefix.count, as: UInt64.self))
            do throws(VexFSError) {
                marks.append((file, try SnapshotMark(of: file, decoding: value, withMetadata: false)))
            } catch {
                damaged.append(file)
            }
        }
        for file in damaged { note("\(place), file \(file)", "what was kept of it is damaged") }
        for (_, mark) in marks {
            guard let record = mark.record else { continue }
            if let row = record.attributes.row {
                known[number]?.rows.insert(row)
                // Rows of others than this snapshot stay for one that was looked at, or for none.
                guard snapshot.rows.contains(row) else { continue }
            }
            report.files += 1
            check(record, "\(place)/\(record.attributes.name)", number, kept: mark.content)
        }
        guard !snapshot.isRemoved, var seen = known[number]?.rows else { return }
        if let base = known[number]?.base { seen.formUnion(base.rows) }
        let missing = snapshot.rows.subtracting(seen)
        guard !missing.isEmpty else { return }
        let rows = missing.rows.prefix(10).map(String.init).joined(separator: ", ")
        note(
            place,
            "\(missing.count) of its documents are missing from the store: rows \(rows)"
                + (missing.count > 10 ? " and more" : ""))
    }
}
