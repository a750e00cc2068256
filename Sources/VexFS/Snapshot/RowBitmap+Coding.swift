/// Row bitmaps as bytes, in kilobytes where rows stand together. Layout: `docs/format.md`, "Rows".
extension RowBitmap {
    private static let span = 65_536
    private static let wordCount = 1024

    /// Appends the set to a record. O(runs of rows, or words).
    func encode(to writer: inout ByteWriter) {
        let blocks = (Int(last ?? 0) + Self.span) / Self.span
        writer.append(UInt32(isEmpty ? 0 : blocks))
        guard !isEmpty else { return }
        for block in 0..<blocks {
            var runs: [UInt16] = []
            forEachRun(in: block * Self.span..<(block + 1) * Self.span) { run in
                runs.append(UInt16(truncatingIfNeeded: run.lowerBound))
                runs.append(UInt16(truncatingIfNeeded: run.count - 1))
            }
            // So many runs take more room than bits.
            if runs.count >= Self.wordCount * 4 {
                writer.append(UInt32.max)
                for word in words(ofBlock: block) { writer.append(word) }
            } else {
                writer.append(UInt32(runs.count / 2))
                for value in runs { writer.append(value) }
            }
        }
    }

    private func words(ofBlock block: Int) -> [UInt64] {
        var words = [UInt64](repeating: 0, count: Self.wordCount)
        forEachRun(in: block * Self.span..<(block + 1) * Self.span) { run in
            for row in run { words[row % Self.span / 64] |= 1 << UInt64(row % 64) }
        }
        return words
    }

    /// Reads a set from a record.
    /// - Throws: `corruption` where the record ends early or names no set.
    init(decoding reader: inout ByteReader) throws(VexFSError) {
        let blocks = Int(try reader.read(UInt32.self))
        guard blocks <= Self.span else { throw .truncatedRecord }
        var words: [UInt64] = []
        for _ in 0..<blocks {
            let count = try reader.read(UInt32.self)
            if count == .max {
                for _ in 0..<Self.wordCount { words.append(try reader.read()) }
                continue
            }
            var block = [UInt64](repeating: 0, count: Self.wordCount)
            for _ in 0..<count {
                let start = Int(try reader.read(UInt16.self))
                let end = start + Int(try reader.read(UInt16.self)) + 1
                guard end <= Self.span else { throw .truncatedRecord }
                Self.set(start..<end, in: &block)
            }
            words += block
        }
        self.init(words: words)
    }

    private static func set(_ run: Range<Int>, in words: inout [UInt64]) {
        let (first, last) = (run.lowerBound / 64, (run.upperBound - 1) / 64)
        let head = UInt64.max << UInt64(run.lowerBound % 64)
        let tail = UInt64.max >> UInt64(63 - (run.upperBound - 1) % 64)
        if first == last {
            words[first] |= head & tail
            return
        }
        words[first] |= head
        for word in first + 1..<last { words[word] = .max }
        words[last] |= tail
    }
}
