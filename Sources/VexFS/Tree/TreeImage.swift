import CVexKernels

/// A saved copy of a collection's tree and rows, so that opening a store need not read the record of every file.
///
/// It is derived data. The collection's record names it and the numbers it covers; from then on a batch that changes
/// the record of a file below ``filesBelow`` also writes a mark, and files with higher numbers are found by their keys.
/// So the image, the marked files and the higher numbers are the collection, whatever the process died of. Layout:
/// `docs/format.md`, "Tree image".
struct TreeImage: Sendable, Equatable {
    /// Its name in the directory of images.
    var file: String
    /// A random number that stands in the file too: another image under the same name is not taken for this one.
    var id: UInt64
    /// Files with this number or a higher one are not in it.
    var filesBelow: FileNumber

    init(of collection: UInt32, filesBelow: FileNumber) {
        id = .random(in: .min ... .max)
        file = "\(collection)-\(String(id, radix: 16)).tree"
        self.filesBelow = filesBelow
    }

    /// What the collection's record says; nil where it names none.
    init?(_ json: JSON?) {
        guard case .string(let file)? = json?["file"], let id = json?["id"]?.integerValue,
            let below = json?["files_below"]?.integerValue, !file.contains("/")
        else { return nil }
        (self.file, self.id, filesBelow) = (file, UInt64(bitPattern: id), FileNumber(bitPattern: below))
    }

    /// The member of the collection's record.
    var json: JSON {
        .object([
            .init("file", .string(file)), .init("id", .integer(Int64(bitPattern: id))),
            .init("files_below", .integer(Int64(bitPattern: filesBelow))),
        ])
    }

    /// What an image holds.
    struct Content {
        var tree: FileTree
        var rows: RowTable
        /// Live rows with a vector, for each of the collection's vector spaces.
        var vectors: [(space: SpaceNumber, rows: RowBitmap)] = []
        var pendingCount = 0
        var scratchBytes = 0
    }

    /// What the file calls itself where a segment of the index names its kind.
    static let kind = "tree"

    /// The first section: what is not a table.
    struct Parameters: BitwiseCopyable {
        var id: UInt64
        var filesBelow: UInt64
        var hashKey: UInt64
        var pendingCount: UInt64
        var scratchBytes: UInt64
        var nextRow: UInt64
    }

    /// A chunk of a table, in the order of the tables' elements.
    struct ChunkEntry: BitwiseCopyable {
        var words: TableChunkWords
        var place: UInt32
        /// Bytes of names, for a chunk of files.
        var nameBytes: UInt32
        private var unused: UInt64 = 0
        private var unusedToo: UInt64 = 0
        private var unusedAgain: UInt64 = 0

        init(words: TableChunkWords, place: Int, nameBytes: Int = 0) {
            self.words = words
            self.place = UInt32(place)
            self.nameBytes = UInt32(nameBytes)
        }
    }

    /// A directory; its chunks and parts follow those of the directory before.
    struct DirectoryEntry: BitwiseCopyable {
        var number: UInt64
        var nextCookie: UInt64
        var subdirectories: UInt32
        var chunks: UInt32
        var parts: UInt32
        var depth: UInt32
    }

    /// A vector space's rows; its words follow those of the space before.
    struct SpaceEntry: BitwiseCopyable {
        var number: UInt32
        var words: UInt32
    }

    /// A part of a directory's index.
    struct PartEntry: BitwiseCopyable {
        var capacity: UInt32
        var count: UInt32
        var depth: UInt32
        var unused: UInt32 = 0
    }
}

extension VexFSError {
    /// An image that is not what it was written as.
    static var damagedTreeImage: VexFSError { VexFSError(.corruption, "the image of the tree is damaged") }
}
