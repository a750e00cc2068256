import Synchronization

/// What answers show of rows, as it stands in answers, for rows that are asked for again: a row never changes, so
/// nothing here is ever out of date.
///
/// Two generations of at most half the memory each: what is asked for moves to the young one, and when that is full the
/// old one goes. O(1).
final class RecordCache: Sendable {
    /// What is kept of a row.
    enum Part: UInt8 {
        /// The text as a JSON string, or `null`.
        case text
        /// The metadata, a JSON object.
        case metadata
        /// Nothing: the document has no vector of its own among its stored bytes.
        case noVector
    }

    /// A part of a row; `collection` is the number of the collection, or snapshot, that shows the row.
    struct Key: Hashable {
        var collection: UInt32
        var row: Row
        var part: Part
    }

    /// Bytes of memory for all collections of a store.
    static let bytesMax = 4 << 20
    /// What a part takes besides its bytes: its place in the table, which is never full, and the head of an array.
    private static let overheadBytes = 80
    /// A part that is longer is read anew each time.
    private static let partBytesMax = 16 << 10

    private struct Generation {
        var parts: [Key: [UInt8]] = [:]
        var bytes = 0
    }

    private struct State {
        var young = Generation()
        var old = Generation()
    }

    private let state = Mutex(State())
    private let generationBytesMax: Int

    /// Keeps at most so many bytes.
    init(bytesMax: Int = RecordCache.bytesMax) { generationBytesMax = bytesMax / 2 }

    /// Bytes of memory in use.
    var byteCount: Int { state.withLock { $0.young.bytes + $0.old.bytes } }

    /// The parts of these keys; nil for those that are not known.
    func find(_ keys: [Key]) -> [[UInt8]?] {
        state.withLock { state in
            keys.map { key in
                if let found = state.young.parts[key] { return found }
                guard let found = state.old.parts.removeValue(forKey: key) else { return nil }
                state.old.bytes -= found.count + Self.overheadBytes
                insert(key, found, &state)
                return found
            }
        }
    }

    /// Keeps parts that were read.
    func keep(_ parts: [(key: Key, bytes: [UInt8])]) {
        state.withLock { state in
            for (key, bytes) in parts where bytes.count <= Self.partBytesMax && state.young.parts[key] == nil {
                if let old = state.old.parts.removeValue(forKey: key) {
                    state.old.bytes -= old.count + Self.overheadBytes
                }
                insert(key, bytes, &state)
            }
        }
    }

    private func insert(_ key: Key, _ bytes: [UInt8], _ state: inout State) {
        let size = bytes.count + Self.overheadBytes
        if state.young.bytes + size > generationBytesMax {
            state.old = state.young
            state.young = Generation()
        }
        state.young.parts[key] = bytes
        state.young.bytes += size
    }
}
