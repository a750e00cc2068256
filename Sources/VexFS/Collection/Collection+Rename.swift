import CVexKernels

/// What a rename does with a file that already has the new name.
public enum RenameMode: Sendable {
    /// It is replaced.
    case replace
    /// The rename fails.
    case noReplace
    /// The two change places.
    case exchange
}

/// What a rename did.
public struct RenameOutcome: Sendable {
    /// The renamed file under its new name.
    public var moved: FileAttributes
    /// The file that had the name before (with ``RenameMode/exchange``: as it is now).
    public var replaced: FileAttributes?
}

extension Collection {
    /// Renames within the collection.
    ///
    /// A file whose new name makes it something else (scratch becomes a document, text becomes JSON, …) is judged,
    /// embedded and indexed under the new name first; where that fails, nothing has changed.
    /// - Throws: `notFound`, `alreadyExists`, `notEmpty`, `isADirectory`, `notADirectory`, `crossesCollections` for a
    ///   folder that would move into or out of a scratch directory (callers then copy), and what a commit throws.
    public func rename(
        _ name: ByteString, in parent: FileNumber, to newName: ByteString, in newParent: FileNumber, mode: RenameMode
    ) throws(VexFSError) -> RenameOutcome {
        try FileNaming.check(newName)
        // What was prepared is of no use when the file got another version meanwhile: then it is prepared again.
        for _ in 0..<8 {
            if let outcome = try renameUnlessChanged(name, in: parent, to: newName, in: newParent, mode: mode) {
                return outcome
            }
        }
        throw VexFSError(.busy, "\(name) changes faster than it can be renamed; try again")
    }

    /// Renames, or returns nil where another version of the file was committed since it was looked at.
    private func renameUnlessChanged(
        _ name: ByteString, in parent: FileNumber, to newName: ByteString, in newParent: FileNumber, mode: RenameMode
    ) throws(VexFSError) -> RenameOutcome? {
        guard let source = lookup(name, in: parent) else { throw VexFSError(.notFound, "there is no \(name)") }
        let target = lookup(newName, in: newParent)
        try checkRename(source, target, newName, newParent, mode)
        if let target, target.number == source.number { return RenameOutcome(moved: source, replaced: nil) }
        if mode == .exchange, let target { return try exchange(source, target) }

        // A file that was never committed has nothing to put in the target's place; empty, it has.
        if source.version == 0, target != nil {
            try commit([], to: source.number)
            return nil
        }
        let newKind = kind(of: newName, in: newParent, insteadOf: source)
        let becomesDocument =
            newKind == .document && source.version > 0
            && (source.kind != .document || FileNaming.format(of: name) != FileNaming.format(of: newName))
        var prepared: PreparedDocument?
        let configuration = configuration
        if becomesDocument {
            let bytes = try content(of: source.number).bytes
            try checkSize(bytes.count, of: .document, configuration)
            try context.space.claim(bytes.count + 4096)
            prepared = try prepare(bytes, named: newName, parsed: nil, configuration)
        }
        return try write { () throws(VexFSError) in
            let present = lookup(newName, in: newParent)
            guard let current = lookup(name, in: parent), current.number == source.number,
                current.version == source.version, present?.number == target?.number,
                present?.version == target?.version, self.configuration.storesVectors(as: configuration)
            else { return nil }
            defer { slices.forgetAll() }
            return try move(current, to: newName, in: newParent, kind: newKind, prepared, replacing: target)
        }
    }

    private func kind(of name: ByteString, in parent: FileNumber, insteadOf source: FileAttributes) -> FileKind {
        guard source.kind == .document || source.kind == .scratch else { return source.kind }
        return FileNaming.kind(of: name, inScratch: state.withLock { $0.tree.isScratchDirectory(parent) })
    }

    private func checkRename(
        _ source: FileAttributes, _ target: FileAttributes?, _ newName: ByteString, _ newParent: FileNumber,
        _ mode: RenameMode
    ) throws(VexFSError) {
        let (parentKind, entersItself, wasScratch, isScratch, children) = state.withLock { state in
            (
                state.tree[newParent]?.kind, state.tree.isInside(newParent, source.number),
                state.tree.isScratchDirectory(source.number),
                state.tree.isScratchDirectory(newParent) || newName.string.utf8.first == UInt8(ascii: "."),
                target.map { state.tree.childCount($0.number) } ?? 0
            )
        }
        guard parentKind == .directory else { throw VexFSError(.notFound, "the folder is gone") }
        if mode == .exchange && target == nil { throw VexFSError(.notFound, "there is no \(newName)") }
        if source.kind == .directory {
            guard !entersItself else { throw VexFSError(.invalidArgument, "a folder cannot move into itself") }
            guard wasScratch == isScratch else {
                throw VexFSError(
                    .crossesCollections, "a folder that becomes scratch, or stops being it, must be copied")
            }
        }
        guard let target, target.number != source.number, mode != .exchange else { return }
        if mode == .noReplace { throw VexFSError(.alreadyExists, "there is a \(newName) already") }
        if source.kind == .directory {
            guard target.kind == .directory else { throw VexFSError(.notADirectory, "\(newName) is not a folder") }
            guard children == 0 else { throw VexFSError(.notEmpty, "the folder \(newName) is not empty") }
        } else if target.kind == .directory {
            throw VexFSError(.isADirectory, "\(newName) is a folder")
        }
    }

    /// Writes and shows a rename; the writer's lock is held.
    private func move(
        _ source: FileAttributes, to name: ByteString, in parent: FileNumber, kind: FileKind,
        _ prepared: PreparedDocument?, replacing target: FileAttributes?
    ) throws(VexFSError) -> RenameOutcome {
        let batch = WriteBatch()
        var record = try fileRecord(source.number)
        record.attributes = source
        if let target { deleteRecords(of: target, batch) }
        if let prepared {
            record.error = ""
            try add(prepared, to: &record, batch, modified: source.modified)
        } else if source.kind == .document && kind == .scratch && source.version > 0 {
            let bytes = try content(of: source.number).bytes
            deleteRecords(of: source, batch)
            batch.put(StoreKey.scratch(number, source.number), bytes)
            // What was stored may have been without its vector.
            record.contentChecksum = bytes.withUnsafeBytes { vexfs_crc32c(0, $0.baseAddress, $0.count) }
            record.row = RowRecord()
            record.attributes.row = nil
            record.attributes.state = .unindexed
        }
        record.attributes.kind = kind
        record.attributes.name = name
        record.attributes.parent = parent
        record.attributes.changed = SystemCall.now()
        if record.attributes.version > 0 {
            put(record, batch)
        }
        let former = path(of: source.number)
        let gone = removals((target.map { [$0] } ?? []) + (kind == .scratch ? [source] : []))
        try database.write(batch)
        let moved = record.attributes
        let written = record
        state.withLock { state in
            if let target { Self.forget(target, &state) }
            // A file made in memory since the check loses its name, as it would have a moment earlier.
            if let late = state.tree.lookup(name, in: parent), late.number != source.number {
                Self.forget(late, &state)
            }
            if kind == .scratch && source.kind == .document {
                if let row = source.row { state.remove(row) }
                if source.state == .pending { state.pendingCount -= 1 }
                state.scratchBytes += Int(source.size)
                state.tree.update(source.number) { file in
                    file.row = nil
                    file.state = .unindexed
                }
            }
            let time = moved.changed
            Self.touchDirectory(source.parent, time, &state)
            Self.touchDirectory(parent, time, &state)
            if prepared != nil { Self.show([written], &state) }
            state.tree.move(source.number, to: name, in: parent, kind: kind)
            state.tree.update(source.number) { $0.changed = moved.changed }
            // A document that was scratch before has a new row.
            if prepared == nil { state.renames += 1 }
        }
        if prepared != nil { announce([written]) }
        changes.publish(gone)
        if prepared == nil, kind == .directory || moved.row != nil, let path = path(of: source.number) {
            changes.publish([
                CollectionChange(
                    kind: .rename, id: FileNaming.identifier(ofPath: path), path: path, former: former,
                    version: moved.version, time: moved.changed)
            ])
        }
        return RenameOutcome(moved: attributes(of: source.number) ?? moved, replaced: target)
    }

    /// Lets two files change places. Both must stay what they are.
    private func exchange(_ first: FileAttributes, _ second: FileAttributes) throws(VexFSError) -> RenameOutcome {
        let staysAsItIs: (FileAttributes, FileAttributes) -> Bool = { file, other in
            self.kind(of: other.name, in: other.parent, insteadOf: file) == file.kind
                && (file.kind != .document || FileNaming.format(of: file.name) == FileNaming.format(of: other.name))
        }
        guard staysAsItIs(first, second), staysAsItIs(second, first), first.version > 0, second.version > 0 else {
            throw VexFSError(.unsupported, "these two cannot change places: one would become another kind of file")
        }
        let nested = state.withLock {
            $0.tree.isInside(first.parent, second.number) || $0.tree.isInside(second.parent, first.number)
        }
        guard !nested else { throw VexFSError(.invalidArgument, "a folder cannot move into itself") }
        return try write { () throws(VexFSError) in
            defer { slices.forgetAll() }
            var (one, two) = (try fileRecord(first.number), try fileRecord(second.number))
            (one.attributes.name, one.attributes.parent) = (second.name, second.parent)
            (two.attributes.name, two.attributes.parent) = (first.name, first.parent)
            let batch = WriteBatch()
            put(one, batch)
            put(two, batch)
            try database.write(batch)
            state.withLock { state in
                // A name that no one can create stands in for the first while the second takes its place.
                state.tree.move(first.number, to: ByteString("/"), in: first.parent, kind: first.kind)
                state.tree.move(second.number, to: first.name, in: first.parent, kind: second.kind)
                state.tree.move(first.number, to: second.name, in: second.parent, kind: first.kind)
                state.renames += 1
            }
            return RenameOutcome(moved: one.attributes, replaced: two.attributes)
        }
    }
}
