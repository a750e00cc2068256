@testable import VexFS

/// A set of rows as plain bits: what ``RowBitmap`` is compared with.
struct PlainBits: Equatable {
    var words: [UInt64]

    init(containers: Int) { words = [UInt64](repeating: 0, count: containers * 1024) }

    func contains(_ row: Int) -> Bool { row >> 6 < words.count && words[row >> 6] >> UInt64(row & 63) & 1 != 0 }
    mutating func set(_ row: Int, _ isIn: Bool = true) {
        let bit: UInt64 = 1 << UInt64(row & 63)
        words[row >> 6] = isIn ? words[row >> 6] | bit : words[row >> 6] & ~bit
    }
    func combined(_ other: PlainBits, _ operation: (UInt64, UInt64) -> UInt64) -> PlainBits {
        var result = self
        for index in words.indices { result.words[index] = operation(words[index], other.words[index]) }
        return result
    }
    var count: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }

    /// Containers of every form and of the sizes around which the form changes.
    static func random(containers: Int, using generator: inout SeededGenerator) -> PlainBits {
        var bits = PlainBits(containers: containers)
        for container in 0..<containers {
            let first = container << 16
            switch Int.random(in: 0..<7, using: &generator) {
            case 0: break
            case 1: for word in 0..<1024 { bits.words[first / 64 + word] = ~0 }
            case 2:
                for _ in 0..<Int.random(in: 1...300, using: &generator) {
                    bits.set(first + Int.random(in: 0..<65536, using: &generator))
                }
            case 3: for word in 0..<1024 { bits.words[first / 64 + word] = .random(in: 0 ... .max, using: &generator) }
            case 4:
                let count = Int.random(in: 4090...4100, using: &generator)
                for index in 0..<count { bits.set(first + index * 13) }
            case 5:
                let start = Int.random(in: 0..<60000, using: &generator)
                for row in start..<Int.random(in: start + 1...65536, using: &generator) { bits.set(first + row) }
            default:
                for word in 0..<1024 { bits.words[first / 64 + word] = ~0 }
                for _ in 0..<3 { bits.set(first + Int.random(in: 0..<65536, using: &generator), false) }
            }
        }
        return bits
    }
}

extension RowBitmap {
    init(_ plain: PlainBits) { self.init(words: plain.words) }

    /// Whether the set is exactly this one, and counts right.
    func isSame(as plain: PlainBits) -> Bool {
        var bits = PlainBits(containers: plain.words.count / 1024)
        var previous = -1
        var isAscending = true
        forEach { row in
            isAscending = isAscending && Int(row) > previous
            previous = Int(row)
            bits.set(Int(row))
        }
        let isSound = isAscending && brokenInvariant == nil
        return isSound && bits == plain && count == plain.count && isEmpty == (plain.count == 0)
    }
}
