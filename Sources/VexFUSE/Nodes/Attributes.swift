import CFuseShim
import Glibc
import VexFS

/// Turns what the engine and the virtual nodes know into what `stat` returns.
enum Attributes {
    /// The unit in which programs are advised to read and write.
    static let blockSize = 131_072

    /// A collection's file.
    static func status(_ attributes: FileAttributes, id: NodeID, links: Int? = nil) -> stat {
        var result = stat()
        result.st_ino = UInt(id.raw)
        result.st_mode = type(attributes.kind) | UInt32(attributes.mode & 0o7777)
        result.st_nlink = UInt(links ?? (attributes.kind == .directory ? 2 + Int(attributes.subdirectories) : 1))
        result.st_uid = attributes.owner
        result.st_gid = attributes.group
        result.st_size = Int(attributes.size)
        result.st_blocks = Int((attributes.size + 511) / 512)
        result.st_blksize = blockSize
        result.st_mtim = Clock.timeSpecification(attributes.modified)
        result.st_atim = result.st_mtim
        result.st_ctim = Clock.timeSpecification(max(attributes.changed, attributes.modified))
        return result
    }

    /// A virtual node.
    static func status(_ attributes: VirtualAttributes, id: NodeID) -> stat {
        var result = stat()
        result.st_ino = UInt(id.raw)
        result.st_mode = attributes.mode
        result.st_nlink = attributes.mode & S_IFMT == S_IFDIR ? 2 : 1
        result.st_uid = attributes.owner.user
        result.st_gid = attributes.owner.group
        result.st_size = Int(attributes.size)
        result.st_blocks = Int((attributes.size + 511) / 512)
        result.st_blksize = blockSize
        result.st_mtim = Clock.timeSpecification(attributes.modified)
        result.st_atim = result.st_mtim
        result.st_ctim = result.st_mtim
        return result
    }

    /// The `S_IF…` bits of a kind.
    static func type(_ kind: FileKind) -> UInt32 {
        switch kind {
        case .directory: S_IFDIR
        case .document, .scratch: S_IFREG
        case .symlink: S_IFLNK
        }
    }
}
