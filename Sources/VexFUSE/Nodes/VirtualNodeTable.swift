import Synchronization
import VexFS

/// The virtual nodes that the kernel holds references to.
final class VirtualNodeTable: Sendable {
    private struct Entry {
        var node: any VirtualNode
        var lookups: UInt64
    }

    private let entries = Mutex<[NodeID: Entry]>([:])

    /// Nodes with lookups outstanding.
    var count: Int { entries.withLock { $0.count } }

    /// Gives the kernel one more reference to a node and returns its number.
    ///
    /// Two keys with one hash get neighbouring numbers; the node found first keeps its own as long as it is known.
    func looked(up node: any VirtualNode) -> NodeID {
        var id = NodeID(hashing: node.key)
        return entries.withLock { entries in
            while let known = entries[id], known.node.key != node.key {
                id = NodeID(raw: (id.raw &+ 1) | NodeID.virtualBit)
            }
            entries[id, default: Entry(node: node, lookups: 0)].lookups += 1
            // The newest object wins: it may know more (a refreshed listing) than the one found earlier.
            entries[id]?.node = node
            return id
        }
    }

    /// The node with a number, or nil when the kernel has forgotten it.
    func node(_ id: NodeID) -> (any VirtualNode)? { entries.withLock { $0[id]?.node } }

    /// Takes references back; the last one frees the node.
    func forget(_ id: NodeID, _ lookups: UInt64) {
        entries.withLock {
            guard var entry = $0[id] else { return }
            entry.lookups = entry.lookups > lookups ? entry.lookups - lookups : 0
            $0[id] = entry.lookups == 0 ? nil : entry
        }
    }
}
