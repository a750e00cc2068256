import VexFS

/// What the kernel calls an inode, and what `st_ino` shows.
///
/// 1 is the mount's root. A collection's file is `collection << 40 | file number`, so it keeps its number for life and
/// across mounts. With the top bit set it is a virtual node, whose other bits are a hash of its key.
struct NodeID: Hashable, Sendable {
    let raw: UInt64

    static let root = NodeID(raw: 1)
    /// File numbers have 40 bits: more files than any store will see.
    static let fileBits: UInt64 = 40
    static let virtualBit: UInt64 = 1 << 63

    init(raw: UInt64) { self.raw = raw }

    init(collection: UInt32, file: FileNumber) {
        precondition(file < 1 << Self.fileBits && UInt64(collection) < 1 << (63 - Self.fileBits))
        raw = UInt64(collection) << Self.fileBits | file
    }

    /// The first choice for a virtual node's number: FNV-1a over its key, stable across mounts.
    init(hashing key: String) {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in key.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        raw = hash | Self.virtualBit
    }

    var isVirtual: Bool { raw & Self.virtualBit != 0 }
    var collection: UInt32 { UInt32(raw >> Self.fileBits & 0x7f_ffff) }
    var file: FileNumber { raw & (1 << Self.fileBits - 1) }
}

/// A file or directory of a collection, whether or not it still exists.
struct CollectionFile: Sendable {
    let collection: Collection
    let number: FileNumber

    var id: NodeID { NodeID(collection: collection.number, file: number) }
    /// Whether this is the collection's own directory.
    var isCollection: Bool { number == Collection.rootNumber }
    /// The path below the mount, for people.
    var path: String {
        let below = collection.path(of: number) ?? "(removed)"
        return below.isEmpty ? collection.name.string : "\(collection.name)/\(below)"
    }
}

/// What an inode number stands for.
enum Node: Sendable {
    case root
    case file(CollectionFile)
    case virtual(any VirtualNode)
}
