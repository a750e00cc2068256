/// Changes that are applied together or not at all, as one record of the journal. Used by one thread at a time.
final class WriteBatch {
    /// Where a change stands in the record.
    struct Change: Sendable {
        var key: [UInt8]
        /// The value's place; nil for a key that is deleted.
        var value: Range<Int>?
    }

    /// The record: room for its head, then the changes.
    private var bytes: [UInt8]
    private var changes: [Change] = []
    private var erased: [[UInt8]] = []
    /// Settings and file numbers that the collection's record gets with this batch; several steps of one commit may
    /// change it, and the last record written must hold all of it.
    var configuration: CollectionConfiguration?
    var reservedFiles: FileNumber?
    /// The spaces of vectors as they are with this batch, and the number of the next.
    var spaces: [VectorSpace]?
    var nextSpace: SpaceNumber?
    /// Vector files that were made for this batch: readers see them once it is written.
    var vectorFiles: [SpaceNumber: VectorFile] = [:]
    /// Why the batch is not to be written: a part of it could not be made.
    private(set) var failure: VexFSError?
    /// What is done in memory once the changes are written; nothing of it where the write fails.
    private(set) var completions: [() -> Void] = []

    /// - Parameter capacity: bytes of keys and values that are expected.
    init(capacity: Int = 1024) {
        bytes = []
        bytes.reserveCapacity(JournalEntry.headBytes + capacity)
        bytes.append(contentsOf: repeatElement(0, count: JournalEntry.headBytes))
        // A version of a document is two.
        changes.reserveCapacity(2)
    }

    /// Bytes of the changes.
    var byteCount: Int { bytes.count - JournalEntry.headBytes }

    var isEmpty: Bool { changes.isEmpty && erased.isEmpty }

    /// Lets the write of the batch fail: whoever adds to it could not read what it needs.
    func fail(_ error: VexFSError) { failure = failure ?? error }

    /// Puts off a change in memory until the batch is written.
    func onceWritten(_ completion: @escaping () -> Void) { completions.append(completion) }

    func put(_ key: [UInt8], _ value: [UInt8]) {
        value.withUnsafeBytes { put(key, $0) }
    }

    func put(_ key: [UInt8], _ value: UnsafeRawBufferPointer) {
        reserve(JournalEntry.changeBytes + key.count + value.count)
        begin(.put, key, valueCount: value.count)
        changes.append(Change(key: key, value: bytes.count..<bytes.count + value.count))
        bytes.append(contentsOf: value)
    }

    func delete(_ key: [UInt8]) {
        begin(.delete, key)
        changes.append(Change(key: key, value: nil))
    }

    /// Deletes every key that starts with `prefix`; the cost does not grow with their number. Changes of this batch
    /// come after it, wherever it stands among them.
    func deleteAll(prefix: [UInt8]) {
        begin(.deleteAll, prefix)
        erased.append(prefix)
    }

    /// Makes room for so many bytes more, by doubling at least.
    func reserve(_ count: Int) {
        guard bytes.capacity - bytes.count < count else { return }
        bytes.reserveCapacity(max(bytes.count + count, bytes.capacity * 2))
    }

    private func begin(_ kind: JournalEntry.ChangeKind, _ key: [UInt8], valueCount: Int = 0) {
        bytes.append(kind.rawValue)
        withUnsafeBytes(of: UInt32(key.count).littleEndian) { bytes.append(contentsOf: $0) }
        withUnsafeBytes(of: UInt32(valueCount).littleEndian) { bytes.append(contentsOf: $0) }
        bytes.append(contentsOf: key)
    }

    /// Gives the changes to the journal; the batch is empty afterwards.
    func seal() -> JournalEntry {
        let entry = JournalEntry(bytes: bytes, changes: changes, erased: erased)
        bytes = []
        changes = []
        erased = []
        return entry
    }
}
