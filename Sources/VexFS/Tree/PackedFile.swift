/// The attributes of a file in 72 bytes, as they lie in memory and in a tree's image (`docs/format.md`, "Tree image").
/// The name's bytes stand in the ``NameArena`` of its chunk.
struct PackedFile: BitwiseCopyable, Sendable {
    var size: Int64
    var modified: Int64
    var changed: Int64
    var version: UInt64
    /// Its place in the listing of its directory.
    var cookie: UInt64
    var parent: UInt32
    /// All ones for none.
    private var rowCode: UInt32
    var owner: UInt32
    var group: UInt32
    var nameHash: UInt32
    var nameOffset: UInt32
    var nameLength: UInt16
    var mode: UInt16
    var kindCode: UInt8
    var stateCode: UInt8
    private var unused: UInt16 = 0

    private static let noRow = UInt32.max

    init(_ attributes: FileAttributes) {
        (size, modified, changed) = (attributes.size, attributes.modified, attributes.changed)
        version = attributes.version
        parent = UInt32(truncatingIfNeeded: attributes.parent)
        rowCode = attributes.row ?? Self.noRow
        (owner, group, mode) = (attributes.owner, attributes.group, attributes.mode)
        (kindCode, stateCode) = (attributes.kind.rawValue, attributes.state.rawValue)
        (cookie, nameHash, nameOffset, nameLength) = (0, 0, 0, 0)
    }

    /// What it holds; a damaged code counts as scratch, which is never searched.
    var kind: FileKind { FileKind(rawValue: kindCode) ?? .scratch }
    var row: Row? { rowCode == Self.noRow ? nil : rowCode }
    var state: DocumentState { DocumentState(rawValue: stateCode) ?? .unindexed }

    /// The attributes; whoever has no use for the name gives an empty one.
    func attributes(_ number: FileNumber, name: ByteString) -> FileAttributes {
        var result = FileAttributes(number: number, parent: FileNumber(parent), name: name, kind: kind, mode: mode)
        (result.size, result.modified, result.changed) = (size, modified, changed)
        (result.owner, result.group, result.version) = (owner, group, version)
        result.row = row
        result.state = state
        return result
    }

    /// Takes over what may change while name and place stay.
    mutating func take(_ attributes: FileAttributes) {
        var packed = PackedFile(attributes)
        (packed.cookie, packed.parent) = (cookie, parent)
        (packed.nameHash, packed.nameOffset, packed.nameLength) = (nameHash, nameOffset, nameLength)
        self = packed
    }
}
