import Synchronization
import VexFS

/// What the kernel knows of the collections' files: how often it looked each one up, and which version it has seen.
///
/// The versions decide whether cached pages may stay at the next open, and which inodes to invalidate when documents
/// changed by another way than a system call (bulk files).
final class InodeTable: Sendable {
    private struct Entry {
        var lookups: UInt64 = 0
        /// The version whose attributes the kernel was shown last.
        var shown: UInt64 = 0
        /// The version whose pages the kernel may hold; nil when it can hold none, 0 when it is not known.
        var cached: UInt64?

        mutating func look(at version: UInt64) {
            lookups += 1
            shown = version
        }
    }

    private let entries = Mutex<[NodeID: Entry]>([:])

    /// Inodes with lookups outstanding.
    var count: Int { entries.withLock { $0.count } }

    /// Those of some files that the kernel was shown another version of than `version` gives now. O(files).
    func outdated(
        collection: UInt32, among files: [FileNumber], version: (FileNumber) -> UInt64?
    ) -> [NodeID] {
        let known = entries.withLock { entries in
            files.compactMap { file in
                let node = NodeID(collection: collection, file: file)
                return entries[node].map { (node, $0.shown) }
            }
        }
        return known.filter { version($0.0.file) != $0.1 }.map(\.0)
    }

    /// The kernel was given one more reference.
    func looked(up node: NodeID, version: UInt64) {
        entries.withLock { $0[node, default: Entry()].look(at: version) }
    }

    /// The kernel was shown attributes.
    func shown(_ node: NodeID, version: UInt64) { entries.withLock { $0[node]?.shown = version } }

    /// The kernel gave back references.
    func forget(_ node: NodeID, _ lookups: UInt64) {
        entries.withLock {
            guard var entry = $0[node] else { return }
            entry.lookups = entry.lookups > lookups ? entry.lookups - lookups : 0
            $0[node] = entry.lookups == 0 ? nil : entry
        }
    }

    /// Notes an open for reading, and says whether the pages of an earlier one are still good.
    func openedForReading(_ node: NodeID, version: UInt64) -> Bool {
        entries.withLock {
            guard let cached = $0[node]?.cached else {
                $0[node]?.cached = version
                return false
            }
            $0[node]?.cached = version
            return cached == version
        }
    }

    /// Notes that the content changed, and says whether the kernel may hold pages of an older version.
    func contentChanged(_ node: NodeID) -> Bool {
        entries.withLock {
            guard $0[node]?.cached != nil else { return false }
            $0[node]?.cached = nil
            return true
        }
    }

    /// Notes that an open handle fills pages again after the content changed. Of which version the pages are is left
    /// open: the next open drops them.
    func refilled(_ node: NodeID) {
        entries.withLock { if let entry = $0[node], entry.cached == nil { $0[node]?.cached = 0 } }
    }

    /// The inodes of a collection that were shown another version than `version` gives now. O(inodes).
    func outdated(collection: UInt32, version: (FileNumber) -> UInt64?) -> [NodeID] {
        let known = entries.withLock { all in
            all.filter { $0.key.collection == collection }.map { ($0.key, $0.value.shown) }
        }
        return known.filter { version($0.0.file) != $0.1 }.map(\.0)
    }
}
