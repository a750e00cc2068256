/// A snapshot that someone looks at.
struct SnapshotView {
    let collection: Collection
    /// When it was asked for last, in microseconds.
    var used: Double
}

/// Looking at snapshots: the tree as it was is made when it is first asked for, and forgotten after a while.
extension Collection {
    /// How long a tree is kept that nobody asks for.
    private static let keptMicroseconds = 600e6

    /// The collection that shows a snapshot; nil where it is gone.
    func view(ofSnapshot number: UInt32) throws(VexFSError) -> Collection? {
        if let known = knownView(number) { return known }
        return try snapshotLock.withLock { count throws(VexFSError) in
            count &+= 1
            if let known = knownView(number) { return known }
            guard let snapshot = state.withLock({ $0.snapshots.first { $0.number == number && !$0.isRemoved } }),
                let name = snapshot.name
            else { return nil }
            var shown = try state(at: number)
            shown.name = ByteString("\(self.name)@\(name)")
            shown.tree.renameRoot(to: shown.name)
            // The moment that it shows.
            shown.tree.update(Self.rootNumber) { ($0.modified, $0.changed) = (snapshot.created, snapshot.created) }
            let view = Collection(
                number: number, context: context, state: shown, origin: Origin(viewing: snapshot, of: self))
            try view.loadIndexUse()
            views.withLock {
                $0[number] = SnapshotView(collection: view, used: SystemCall.monotonicMicroseconds())
            }
            return view
        }
    }

    private func knownView(_ number: UInt32) -> Collection? {
        views.withLock { views in
            views[number]?.used = SystemCall.monotonicMicroseconds()
            return views[number]?.collection
        }
    }

    func forgetView(of snapshot: UInt32) { views.withLock { $0[snapshot] = nil } }

    /// Forgets the trees of snapshots that nobody asked for in a while; with `all`, every one.
    func forgetViews(all: Bool = false) {
        let now = SystemCall.monotonicMicroseconds()
        views.withLock { views in views = views.filter { !all && now - $0.value.used < Self.keptMicroseconds } }
    }

    /// Lets the snapshots that someone looks at have the names that they have now.
    func nameViews() {
        let shown = views.withLock { $0.mapValues(\.collection) }
        let (own, names) = state.withLock { state in (state.name, state.snapshots.map { ($0.number, $0.name) }) }
        for (number, name) in names {
            guard let view = shown[number], let name else { continue }
            view.state.withLock { $0.name = ByteString("\(own)@\(name)") }
        }
    }

    /// What readers saw of the collection when a snapshot was made.
    /// - Throws: `corruption` where the marks don't lead to the rows that were kept; `inputOutput`.
    /// - Complexity: O(files made or changed since).
    func state(at number: UInt32) throws(VexFSError) -> State {
        guard let snapshot = state.withLock({ $0.snapshots.first { $0.number == number } }) else {
            throw .snapshotWasRemoved
        }
        var result = try writer.withLock { _ throws(VexFSError) in
            let now = state.withLock { $0 }
            // Directories' records are behind their times; what is marked has the right ones.
            let batch = WriteBatch()
            putTouchedDirectories(batch)
            try database.write(batch)
            return now
        }
        (result.kept, result.snapshots, result.image) = (KeptRows(), [], TreeImageState())
        (result.touchedDirectories, result.markedFiles, result.isRetired) = ([], RowBitmap(), false)
        (result.errorCount, result.nextError, result.ownRecords) = (0, 1, 0)
        result.trash = Trash()
        result.tree = result.tree.committed
        result.removeFiles(from: snapshot.filesBelow)
        var changes = try marks(since: snapshot)
        changes[Self.rootNumber] = nil
        try result.apply(changes)
        if let root = try record(of: Self.rootNumber, at: number)?.attributes {
            result.tree.update(Self.rootNumber) { $0.take(root) }
        }
        guard result.rows.live == snapshot.rows else {
            throw VexFSError(
                .corruption, "the snapshot's files are not those that were kept; run vexfs-fuse fsck",
                at: name.string)
        }
        result.rows.extend(to: Int(snapshot.rowsBelow))
        result.configuration = snapshot.configuration
        (result.nextFile, result.reservedFiles) = (snapshot.filesBelow, snapshot.filesBelow)
        let present = result.spaces
        result.spaces = snapshot.spaces.map { named in
            var space = present.first { $0.number == named.number } ?? named
            space.withVector = snapshot.vectors[named.number] ?? RowBitmap()
            space.kept = RowBitmap()
            space.segments = SegmentList()
            space.sparse = nil
            space.forgetIndex()
            return space
        }
        return result
    }
}

extension FileAttributes {
    /// Takes over who may do what with a file, and its times.
    fileprivate mutating func take(_ other: FileAttributes) {
        (mode, owner, group) = (other.mode, other.owner, other.group)
        (modified, changed, version) = (other.modified, other.changed, other.version)
    }
}
