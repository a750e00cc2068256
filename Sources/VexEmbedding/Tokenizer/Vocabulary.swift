import Glibc
import VexFS

/// The pieces of a WordPiece vocabulary and their ids, found by their bytes.
struct Vocabulary: Sendable {
    private var bytes: [UInt8] = []
    private var starts: [Int] = []
    private var ends: [Int] = []
    /// Open addressing: the id of the piece in a slot, or -1.
    private var slots: [Int32] = []
    private var mask = 0
    /// The length in bytes of the longest piece, without the mark of a continuation.
    private(set) var longest = 0

    /// The number of pieces.
    var count: Int { starts.count }

    /// Takes a `vocab.txt`: one piece a line, the line's number is the id.
    init(lines file: [UInt8]) {
        bytes = file
        var capacity = 1024
        while capacity < file.count(where: { $0 == UInt8(ascii: "\n") }) * 4 { capacity *= 2 }
        mask = capacity - 1
        slots = Array(repeating: -1, count: capacity)
        var start = 0
        for (at, byte) in file.enumerated() where byte == UInt8(ascii: "\n") {
            append(start..<at)
            start = at + 1
        }
        if start < file.count { append(start..<file.count) }
        for id in starts.indices { insert(id) }
    }

    /// The id of a piece that begins a word, or with `continuing` of one that follows inside it.
    func id(of piece: ArraySlice<UInt8>, continuing: Bool) -> Int32? {
        var slot = Self.hash(piece, continuing: continuing) & mask
        while slots[slot] >= 0 {
            let id = Int(slots[slot])
            if isContinuation(id) == continuing, text(id).elementsEqual(piece) { return slots[slot] }
            slot = (slot + 1) & mask
        }
        return nil
    }

    private mutating func append(_ line: Range<Int>) {
        let hasReturn = !line.isEmpty && bytes[line.upperBound - 1] == UInt8(ascii: "\r")
        starts.append(line.lowerBound)
        ends.append(line.upperBound - (hasReturn ? 1 : 0))
    }

    private mutating func insert(_ id: Int) {
        let piece = text(id)
        longest = max(longest, piece.count)
        var slot = Self.hash(piece, continuing: isContinuation(id)) & mask
        while slots[slot] >= 0 { slot = (slot + 1) & mask }
        slots[slot] = Int32(id)
    }

    private func isContinuation(_ id: Int) -> Bool {
        ends[id] - starts[id] > 2 && bytes[starts[id]..<(starts[id] + 2)].allSatisfy { $0 == UInt8(ascii: "#") }
    }

    private func text(_ id: Int) -> ArraySlice<UInt8> {
        bytes[(starts[id] + (isContinuation(id) ? 2 : 0))..<ends[id]]
    }

    /// FNV-1a (Fowler, Noll, Vo).
    private static func hash(_ piece: ArraySlice<UInt8>, continuing: Bool) -> Int {
        var value: UInt32 = continuing ? 0x811c_9dc4 : 0x811c_9dc5
        for byte in piece { value = (value ^ UInt32(byte)) &* 16_777_619 }
        return Int(value ^ (value >> 15))
    }
}
