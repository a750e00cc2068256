import Glibc

/// The words of a field's distinct texts, in lower case, with the codes of the texts that hold each.
///
/// A condition's word matches within words ("fox" in "foxes"), as ``FilterWords`` has it, so all words are looked
/// through: they stand in one buffer with spaces between, and a word has no space.
struct WordIndex: Sendable {
    private var buffer: [UInt8] = []
    /// Where each word begins.
    private var starts: [Int] = []
    private var words: [[UInt8]: Int] = [:]
    /// The texts' codes, as rows of a set.
    private var texts: [Postings] = []
    /// How many texts are in.
    private(set) var count = 0

    /// Takes in the next text; its code is how many came before.
    mutating func append(_ text: ByteString) {
        let code = Row(count)
        count += 1
        for word in FilterWords.split(text.string) {
            if let known = words[word] {
                texts[known].add(code)
                continue
            }
            words[word] = texts.count
            texts.append(.one(code))
            starts.append(buffer.count)
            buffer.append(contentsOf: word)
            buffer.append(UInt8(ascii: " "))
        }
    }

    /// The codes of the texts that hold every word.
    func codes(of wanted: FilterWords) -> RowBitmap {
        var result: RowBitmap?
        for word in wanted.words {
            var union = PostingsUnion()
            forEachWord(containing: word) { union.add(texts[$0]) }
            let found = union.rows()
            result = result?.intersection(found) ?? found
        }
        return result ?? RowBitmap(rowsBelow: count)
    }

    private func forEachWord(containing part: [UInt8], _ body: (Int) -> Void) {
        guard let first = part.first else { return }
        buffer.withUnsafeBytes { buffer in
            guard let base = buffer.baseAddress else { return }
            var place = 0
            // A word has as many bytes at least as the part, or the buffer ends.
            while place + part.count <= buffer.count,
                let hit = memchr(base + place, Int32(first), buffer.count - part.count + 1 - place)
            {
                place = UnsafeRawPointer(hit) - base
                if memcmp(base + place, part, part.count) == 0 {
                    let word = word(at: place)
                    body(word)
                    place = word + 1 < starts.count ? starts[word + 1] : buffer.count
                } else {
                    place += 1
                }
            }
        }
    }

    private func word(at offset: Int) -> Int {
        var (low, high) = (0, starts.count)
        while low < high {
            let middle = (low + high) / 2
            if starts[middle] <= offset { low = middle + 1 } else { high = middle }
        }
        return low - 1
    }
}
