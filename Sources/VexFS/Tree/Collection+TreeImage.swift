import CVexKernels
import Glibc

/// Which images of a collection's tree there are, and which files changed since.
struct TreeImageState {
    /// The image that the collection's record names, and the files marked since it was made.
    var current: TreeImage?
    var marked: Set<FileNumber> = []
    /// The image that is being written.
    fileprivate var next: TreeImage?
    fileprivate var nextMarked: Set<FileNumber> = []

    /// The images that have a file and no mark for it.
    fileprivate func unmarked(_ file: FileNumber) -> (current: TreeImage?, next: TreeImage?) {
        (
            current.flatMap { file < $0.filesBelow && !marked.contains(file) ? $0 : nil },
            next.flatMap { file < $0.filesBelow && !nextMarked.contains(file) ? $0 : nil }
        )
    }
}

/// The records of files, and the image that saves reading all of them.
extension Collection {
    /// The name of the image that the collection's record names.
    var treeImageFile: String? { state.withLock { $0.image.current?.file } }

    /// Adds a file's record to a batch: the only way to write one. The writer's lock is held.
    func put(_ record: FileRecord, _ batch: WriteBatch) {
        let file = record.attributes.number
        mark(file, batch)
        keepForSnapshots(file, batch)
        noteOwnRecord(of: file, batch)
        batch.put(StoreKey.file(number, file), record.encoded())
    }

    /// Adds the deletion of a file's record to a batch: the only way to delete one. The writer's lock is held.
    func deleteRecord(of file: FileNumber, _ batch: WriteBatch) {
        mark(file, batch)
        keepForSnapshots(file, batch)
        noteOwnRecord(of: file, batch)
        if let origin, file < origin.filesBelow {
            // Without the key the origin's record would stand.
            batch.put(StoreKey.file(number, file), [])
        } else {
            batch.delete(StoreKey.file(number, file))
        }
    }

    /// Counts what an open has to read of a fork beside its origin.
    private func noteOwnRecord(of file: FileNumber, _ batch: WriteBatch) {
        guard let origin, file < origin.filesBelow else { return }
        batch.onceWritten { [self] in state.withLock { $0.ownRecords += 1 } }
    }

    /// Notes with the batch that images have the file as it was. The root's record is always read.
    private func mark(_ file: FileNumber, _ batch: WriteBatch) {
        guard file < imagedBelow.load(ordering: .relaxed), file != Self.rootNumber else { return }
        let images = state.withLock { $0.image.unmarked(file) }
        if let image = images.current { batch.put(StoreKey.treeMark(number, image.id, file), []) }
        if let image = images.next { batch.put(StoreKey.treeMark(number, image.id, file), []) }
        guard images.current != nil || images.next != nil else { return }
        batch.onceWritten { [self] in
            state.withLock { state in
                if images.current != nil { state.image.marked.insert(file) }
                if images.next != nil { state.image.nextMarked.insert(file) }
            }
        }
    }

    /// Writes an image of the tree where the policy wants one.
    /// - Parameter isWritten: whether changes go on.
    /// - Throws: `storeFull`, `inputOutput`; the last image then stays in use.
    func saveTreeImage(policy: TreeImagePolicy, isWritten: Bool) throws(VexFSError) {
        try imageLock.withLock { count throws(VexFSError) in
            let (files, changes) = state.withLock { state in
                let image = state.image
                // Without an image a fork is read from its origin's.
                let known = image.current?.filesBelow ?? origin?.filesBelow ?? Self.rootNumber
                let changed = image.current == nil ? state.ownRecords : image.marked.count
                return (state.tree.count, changed + state.tree.count(from: known))
            }
            guard policy.isWorthwhile(files: files, changes: changes, isWritten: isWritten) else { return }
            count &+= 1
            try saveTreeImage()
            vexfs_return_memory()
        }
    }

    private func saveTreeImage() throws(VexFSError) {
        // Changes are shown under the writer's lock, so nothing is written that is not shown.
        let begun: (TreeImage, TreeImage.Content)? = writer.withLock { _ in
            state.withLock { state in
                guard !state.isRemoved else { return nil }
                let image = TreeImage(of: number, filesBelow: state.nextFile)
                (state.image.next, state.image.nextMarked) = (image, [])
                imagedBelow.store(image.filesBelow, ordering: .relaxed)
                return (image, TreeImage.Content(of: state))
            }
        }
        guard let (image, captured) = begun else { return }
        let path = context.directory.treePath(image.file)
        let former: TreeImage?
        do throws(VexFSError) {
            var content = captured
            content.tree = captured.tree.committed
            try context.space.claim(content.tree.count * 160)
            try image.write(content, to: path)
            let mapped = try image.read(from: path)
            // From now on the process uses the file's bytes in place of memory of its own.
            former = try name(image) { state in
                state.tree.adopt(mapped.tree, writtenFrom: content.tree)
                state.rows.adopt(mapped.rows, writtenFrom: content.rows)
                assert(state.tree.brokenInvariant == nil, state.tree.brokenInvariant ?? "")
            }
        } catch {
            unlink(path)
            try writer.withLock { _ throws(VexFSError) in
                let marked = state.withLock { state in
                    defer { (state.image.next, state.image.nextMarked) = (nil, []) }
                    return state.image.nextMarked
                }
                let batch = WriteBatch()
                for file in marked { batch.delete(StoreKey.treeMark(number, image.id, file)) }
                try database.write(batch)
            }
            throw error
        }
        // The former image goes only when nothing on the disk names it any more.
        guard let former else { return }
        try database.syncLog()
        unlink(context.directory.treePath(former.file))
    }

    /// Makes an image that is on the disk the one that the next open takes, and whose bytes `adopt` lets this process
    /// use; returns the one before.
    private func name(_ image: TreeImage, adopt: (inout State) -> Void) throws(VexFSError) -> TreeImage? {
        try writer.withLock { _ throws(VexFSError) -> TreeImage? in
            if state.withLock({ $0.isRemoved }) { throw VexFSError(.notFound, "the collection was removed") }
            let (record, former, marked) = state.withLock { state in
                var named = state
                named.image.current = image
                return (encodedRecord(named), state.image.current, state.image.marked)
            }
            let batch = WriteBatch()
            batch.put(StoreKey.collection(number), record)
            // One by one: what erases a stretch of keys slows down every walk over them.
            if let former { for file in marked { batch.delete(StoreKey.treeMark(number, former.id, file)) } }
            try database.write(batch)
            state.withLock { state in
                (state.image.current, state.image.marked) = (image, state.image.nextMarked)
                (state.image.next, state.image.nextMarked) = (nil, [])
                adopt(&state)
            }
            return former
        }
    }

    /// Drops marks of images that were never named: the process died while it wrote them.
    func dropStrayMarks() throws(VexFSError) {
        let named = state.withLock { $0.image.current }.map { StoreKey.treeMarks(number, $0.id) }
        let batch = WriteBatch()
        var count = 0
        try database.forEach(prefix: StoreKey.prefix(.treeMark, number)) { key, _ in
            if let named, key.starts(with: named) { return true }
            batch.delete([UInt8](key))
            count += 1
            return true
        }
        if count > 0 { try database.write(batch) }
    }

    /// Lets the record name no image, and forgets all marks.
    func forgetTreeImage() throws(VexFSError) {
        try writer.withLock { _ throws(VexFSError) in
            let batch = WriteBatch()
            batch.put(StoreKey.collection(number), state.withLock { encodedRecord($0) })
            batch.deleteAll(prefix: StoreKey.prefix(.treeMark, number))
            try database.write(batch)
        }
    }
}

extension StoreContext {
    /// Writes the images of trees that changed much since their last ones.
    func saveTreeImages(isWritten: Bool) {
        for collection in present {
            do throws(VexFSError) {
                try collection.saveTreeImage(policy: imagePolicy, isWritten: isWritten)
            } catch {
                guard error.code != .notFound else { continue }
                Log.shared.warn("no image of a tree was saved: \(error)", [("collection", collection.name.string)])
            }
        }
    }
}

extension VexFSError {
    /// Where a collection has given every number that fits its tables.
    static var noFileNumbers: VexFSError {
        VexFSError(
            .storeFull, "this collection has made 4 billion files and can make no more; copy it to a new collection")
    }
}
