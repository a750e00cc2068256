/// A file's number within its collection: ascending, never reused, stable across mounts. 1 is the collection itself.
public typealias FileNumber = UInt64

/// What a name in a collection holds.
public enum FileKind: UInt8, Sendable {
    case directory = 1
    /// A JSON or text document.
    case document = 2
    /// An ordinary file that is kept but never indexed: dot files, editors' and tools' temporary names.
    case scratch = 3
    case symlink = 4
}

/// Where a document is on its way into the index.
public enum DocumentState: UInt8, Sendable {
    case unindexed = 0, pending, ready, failed, stale

    /// The word shown in `user.vexfs.state`.
    public var word: String {
        switch self {
        case .unindexed: "unindexed"
        case .pending: "pending"
        case .ready: "ready"
        case .failed: "failed"
        case .stale: "stale"
        }
    }
}

/// What `stat` shows of a file, and what the index knows of it. A value: a copy never changes.
public struct FileAttributes: Sendable, Equatable {
    /// The file's number.
    public var number: FileNumber
    /// The directory that holds it.
    public var parent: FileNumber
    /// Its name there, as the file system shows it.
    public var name: ByteString
    /// What it holds.
    public var kind: FileKind
    /// Bytes of the committed version.
    public var size: Int64 = 0
    /// Nanoseconds since 1970 of the last change of content.
    public var modified: Int64 = 0
    /// Nanoseconds since 1970 of the last change of anything.
    public var changed: Int64 = 0
    /// Permission bits.
    public var mode: UInt16
    /// Owner's uid.
    public var owner: UInt32 = 0
    /// Owner's gid.
    public var group: UInt32 = 0
    /// Counts the commits of this file; 0 = never committed (exists in memory only).
    public var version: UInt64 = 0
    /// The row of the committed version; nil for scratch, directories and documents never committed.
    public var row: Row?
    /// Where the document is on its way into the index.
    public var state: DocumentState = .unindexed
    /// Subdirectories of a directory, for its link count.
    public var subdirectories: UInt32 = 0

    /// Creates attributes.
    public init(number: FileNumber, parent: FileNumber, name: ByteString, kind: FileKind, mode: UInt16) {
        self.number = number
        self.parent = parent
        self.name = name
        self.kind = kind
        self.mode = mode
    }
}

/// The bytes of a file's committed version. Immutable; may be shared between threads and outlives the file.
public final class FileContent: Sendable {
    /// The bytes.
    public let bytes: [UInt8]
    /// Wraps bytes.
    public init(_ bytes: [UInt8]) { self.bytes = bytes }
}
