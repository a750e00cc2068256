/// The part of a text that says most about a query: the lines in which its words stand closest together.
///
/// Each word counts once, and more the fewer lines of the text have it; words are compared by their English stems.
struct Passage {
    /// From the passage's first line to the end of the text.
    let text: String
    /// How many lines of the text stand before it.
    let skippedLines: Int

    /// The passage of at most `limit` bytes, which begins with a line; the beginning of the text where none of the
    /// words is in its first ``searchedBytes``. O(bytes).
    static func best(in text: String, for words: Words, limit: Int) -> Passage {
        let whole = Passage(text: text, skippedLines: 0)
        guard text.utf8.count > limit else { return whole }
        return start(in: text, for: words, limit: limit) ?? whole
    }

    /// The line that has most of the words, or nil where no line has one.
    static func bestLine(of text: String, for words: Words) -> Passage? { start(in: text, for: words, limit: 0) }

    /// The first line that is not blank; the first line of all where none is.
    static func firstLine(of text: String) -> Passage {
        let lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        let skipped = lines.prefix { line in line.allSatisfy { " \t\r".utf8.contains($0) } }.count
        guard skipped < lines.count else { return Passage(text: "", skippedLines: 0) }
        return Passage(text: String(text[lines[skipped].startIndex...]), skippedLines: skipped)
    }

    /// As far as a text is searched: reading an answer must not take long because a document is.
    static let searchedBytes = 1 << 18

    /// The words of a query as stems without stop words.
    struct Words: Sendable {
        fileprivate let places: [[UInt8]: Int]

        /// Reads a query. O(bytes).
        init(of query: String) {
            var places: [[UInt8]: Int] = [:]
            Passage.analyzer?.forEachToken(of: query, as: .query) { token in
                if places.count < 64, places[Array(token)] == nil { places[Array(token)] = places.count }
            }
            self.places = places
        }
    }

    /// A line with words of the query in it.
    private struct Line {
        let number: Int
        let range: Range<Int>
        /// A bit for each word.
        let words: UInt64
    }

    private static func start(in text: String, for words: Words, limit: Int) -> Passage? {
        guard !words.places.isEmpty else { return nil }
        var text = text
        return text.withUTF8 { bytes in
            let found = lines(of: .init(rebasing: bytes.prefix(searchedBytes)), with: words)
            guard let first = densest(found, limit: limit) else { return nil }
            let (start, number) = paragraph(of: first, in: bytes, reach: limit / 3)
            return Passage(text: String(decoding: bytes[start...], as: UTF8.self), skippedLines: number)
        }
    }

    private static func lines(of bytes: UnsafeBufferPointer<UInt8>, with words: Words) -> [Line] {
        var lines: [Line] = []
        var start = 0
        var number = 0
        while start < bytes.count {
            let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
            var found: UInt64 = 0
            analyzer?.forEachToken(of: String(decoding: bytes[start..<end], as: UTF8.self), as: .document) { token in
                if let place = words.places[Array(token)] { found |= 1 << place }
            }
            if found != 0 { lines.append(Line(number: number, range: start..<end, words: found)) }
            start = end + 1
            number += 1
        }
        return lines
    }

    /// The line from which `limit` bytes hold the most, the first of several; at least the line itself is looked at.
    private static func densest(_ lines: [Line], limit: Int) -> Line? {
        var occurrences = [Double](repeating: 0, count: 64)
        for line in lines { line.words.forEachBit { occurrences[$0] += 1 } }
        var best: (line: Line, weight: Double)?
        for (index, first) in lines.enumerated() {
            var seen: UInt64 = 0
            for line in lines[index...] {
                guard line.number == first.number || line.range.upperBound <= first.range.lowerBound + limit else {
                    break
                }
                seen |= line.words
            }
            var weight = 0.0
            seen.forEachBit { weight += 1 / (1 + occurrences[$0]) }
            if weight > best?.weight ?? 0 { best = (first, weight) }
        }
        return best?.line
    }

    /// Where the line's paragraph begins, or the line itself where that is more than `reach` bytes away.
    private static func paragraph(
        of line: Line, in bytes: UnsafeBufferPointer<UInt8>, reach: Int
    ) -> (start: Int, number: Int) {
        var (start, number) = (line.range.lowerBound, line.number)
        while start > 0 {
            let before = bytes[..<(start - 1)].lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
            if bytes[before..<(start - 1)].allSatisfy({ " \t\r".utf8.contains($0) }) { return (start, number) }
            guard line.range.lowerBound - before <= reach else { break }
            (start, number) = (before, number - 1)
        }
        return start == 0 ? (0, 0) : (line.range.lowerBound, line.number)
    }

    private static let analyzer: TextAnalyzer? = {
        var options = TextOptions()
        options.asciiFolding = true
        options.stopwords.languages = [.english]
        options.stemmer = .english
        return try? TextAnalyzer(options)
    }()
}

extension UInt64 {
    fileprivate func forEachBit(_ body: (Int) -> Void) {
        var rest = self
        while rest != 0 {
            body(rest.trailingZeroBitCount)
            rest &= rest - 1
        }
    }
}
