/// Which of many texts may hold a string or match a regular expression: for every three bytes that follow each other
/// somewhere, the texts that have them (Cox, https://swtch.com/~rsc/regexp/regexp4.html).
///
/// Texts are folded first (see ``TrigramFolding``), so that the index serves conditions with and without regard to
/// case. Its answers are candidates, never fewer than there are. Texts are numbered as they come.
struct TrigramIndex: Sendable {
    /// How many texts are in.
    private(set) var count = 0
    /// The page of the first two bytes, counted from 1; 0 is none.
    private var pages = [UInt32](repeating: 0, count: 1 << 16)
    /// For each page and third byte the number of the posting list, counted from 1; 0 is none.
    private var lists: [UInt32] = []
    /// The texts of each list: differences in bytes of seven bits, the lowest first, the highest bit set on all but the
    /// last one of a difference.
    private var postings: [[UInt8]] = []
    /// One more than the last text of each list.
    private var ends: [UInt32] = []
    /// How many texts are in each list.
    private var counts: [UInt32] = []
    private let folding = TrigramFolding()
    /// The lists of the trigrams of the text that is taken in.
    private var found: [UInt32] = []

    /// Bytes of the posting lists.
    var postingBytes: Int { postings.reduce(0) { $0 + $1.count } }

    /// Takes in the next text. O(bytes).
    mutating func append(_ text: UnsafeRawBufferPointer) {
        let folded = folding.fold(text)
        let number = UInt32(count)
        count += 1
        guard folded.count >= 3 else { return }
        if found.count < folded.count { found = [UInt32](repeating: 0, count: folded.count * 2) }
        var place = 0
        while true {
            place = resolve(folded, from: place)
            if place == folded.count - 2 { break }
            makeList(folded[place], folded[place + 1], folded[place + 2])
        }
        append(number, toListsOf: place)
    }

    /// Looks up the lists of a text's trigrams, up to the first that has none.
    /// - Returns: The place of that trigram, or the number of all.
    private mutating func resolve(_ folded: [UInt8], from start: Int) -> Int {
        let trigrams = folded.count - 2
        return folded.withUnsafeBufferPointer { folded in
            pages.withUnsafeBufferPointer { pages in
                lists.withUnsafeBufferPointer { lists in
                    // Contract: a page is below `lists.count / 256`, and `found` holds more than `trigrams`.
                    found.withUnsafeMutableBufferPointer { found in
                        for place in start..<trigrams {
                            let page = pages[Int(folded[place]) << 8 | Int(folded[place + 1])]
                            if page == 0 { return place }
                            let list = lists[Int(page - 1) << 8 | Int(folded[place + 2])]
                            if list == 0 { return place }
                            found[place] = list - 1
                        }
                        return trigrams
                    }
                }
            }
        }
    }

    /// Adds a text to the lists that were found, once to each.
    private mutating func append(_ number: UInt32, toListsOf trigrams: Int) {
        found.withUnsafeBufferPointer { found in
            ends.withUnsafeMutableBufferPointer { ends in
                counts.withUnsafeMutableBufferPointer { counts in
                    // Contract: what was found is below the number of lists, which all three arrays have.
                    postings.withUnsafeMutableBufferPointer { postings in
                        for place in 0..<trigrams {
                            let list = Int(found[place])
                            if ends[list] == number + 1 { continue }
                            var difference = number - ends[list]
                            while difference >= 0x80 {
                                postings[list].append(UInt8(truncatingIfNeeded: difference) | 0x80)
                                difference >>= 7
                            }
                            postings[list].append(UInt8(truncatingIfNeeded: difference))
                            ends[list] = number + 1
                            counts[list] += 1
                        }
                    }
                }
            }
        }
    }

    /// Makes the list of three bytes, which have none.
    private mutating func makeList(_ first: UInt8, _ second: UInt8, _ third: UInt8) {
        let pair = Int(first) << 8 | Int(second)
        if pages[pair] == 0 {
            lists.append(contentsOf: repeatElement(0, count: 256))
            pages[pair] = UInt32(lists.count >> 8)
        }
        postings.append([])
        ends.append(0)
        counts.append(0)
        lists[Int(pages[pair] - 1) << 8 | Int(third)] = UInt32(postings.count)
    }

    private func knownList(_ first: UInt8, _ second: UInt8, _ third: UInt8) -> Int? {
        let page = pages[Int(first) << 8 | Int(second)]
        guard page > 0 else { return nil }
        let list = lists[Int(page - 1) << 8 | Int(third)]
        return list > 0 ? Int(list) - 1 : nil
    }

    // MARK: Candidates

    /// More lists than this hardly leave fewer candidates.
    private static var mostLists: Int { 12 }

    /// The texts that may hold the bytes of a string, nil where the index cannot tell, as with less than three bytes.
    func candidates(holding part: ByteString) -> RowBitmap? {
        part.withBytes { bytes in
            candidates(withFolded: folding.fold(bytes), asciiOnly: false)
        }
    }

    /// The texts that may hold every word, in lower case.
    func candidates(withWords words: [[UInt8]]) -> RowBitmap? {
        var result: RowBitmap?
        for word in words {
            guard let found = candidates(withFolded: word, asciiOnly: true) else { continue }
            result = result?.intersection(found) ?? found
        }
        return result
    }

    /// The texts that may match a regular expression, nil where the index cannot tell.
    func candidates(matching expression: RegularExpression) -> RowBitmap? {
        let atoms = expression.atoms
        if expression.mayMatch(holding: []) { return nil }
        var search = TrigramSearch(
            expression: expression, sets: atoms.map { candidates(withFolded: $0, asciiOnly: true) })
        search.split(RowBitmap(rowsBelow: count), from: 0, holding: [])
        return search.found
    }

    /// The texts whose folded bytes may hold these.
    /// - Parameter asciiOnly: Whether other letters may be spelled otherwise in the texts.
    private func candidates(withFolded part: [UInt8], asciiOnly: Bool) -> RowBitmap? {
        guard part.count >= 3 else { return nil }
        var found: Set<Int> = []
        for place in 0..<part.count - 2 {
            if asciiOnly, (part[place] | part[place + 1] | part[place + 2]) >= 0x80 { continue }
            guard let list = knownList(part[place], part[place + 1], part[place + 2]) else { return RowBitmap() }
            found.insert(list)
        }
        let ordered = found.sorted { (counts[$0], $0) < (counts[$1], $1) }
        guard let rarest = ordered.first else { return nil }
        var texts = decode(rarest)
        for list in ordered.dropFirst().prefix(Self.mostLists) where !texts.isEmpty { intersect(&texts, list) }
        return RowBitmap(texts)
    }

    private func decode(_ list: Int) -> [Row] {
        let count = Int(counts[list])
        return postings[list].withUnsafeBufferPointer { bytes in
            [Row](unsafeUninitializedCapacity: count) { texts, initialized in
                var reader = PostingReader(bytes)
                // Contract: the list holds `count` texts, and so has the room.
                for index in 0..<count { texts.initializeElement(at: index, to: reader.next()) }
                initialized = count
            }
        }
    }

    /// Keeps the texts that are in a list too.
    private func intersect(_ texts: inout [Row], _ list: Int) {
        let count = Int(counts[list])
        postings[list].withUnsafeBufferPointer { bytes in
            var reader = PostingReader(bytes)
            var kept = 0
            texts.withUnsafeMutableBufferPointer { texts in
                var place = 0
                for _ in 0..<count {
                    let text = reader.next()
                    while place < texts.count, texts[place] < text { place += 1 }
                    if place == texts.count { break }
                    if texts[place] == text {
                        texts[kept] = text
                        kept += 1
                        place += 1
                    }
                }
            }
            texts.removeLast(texts.count - kept)
        }
    }
}

/// Reads the texts of a posting list one by one.
private struct PostingReader {
    private var place: UnsafePointer<UInt8>?
    private var end: UInt32 = 0

    /// Contract: the bytes outlive the reader, and hold as many texts as are asked for.
    init(_ bytes: UnsafeBufferPointer<UInt8>) { place = bytes.baseAddress }

    @inline(__always)
    mutating func next() -> Row {
        guard var place else { return 0 }
        var difference: UInt32 = 0
        var shift: UInt32 = 0
        while place.pointee >= 0x80 {
            difference |= UInt32(place.pointee & 0x7F) << shift
            shift += 7
            place += 1
        }
        let text = end + (difference | UInt32(place.pointee) << shift)
        self.place = place + 1
        end = text + 1
        return text
    }
}

/// Finds the texts that may match an expression, which only answers whether a text with certain strings may: the texts
/// are parted by the strings that they may hold, until the answer is clear for all of a part.
private struct TrigramSearch {
    let expression: RegularExpression
    /// For each string the texts that may hold it, nil for all.
    let sets: [RowBitmap?]
    private(set) var found = RowBitmap()
    /// Partings that are left; then what is not clear is a candidate.
    private var budget = 512

    init(expression: RegularExpression, sets: [RowBitmap?]) {
        self.expression = expression
        self.sets = sets
    }

    mutating func split(_ texts: RowBitmap, from atom: Int, holding atoms: [Int32]) {
        if texts.isEmpty { return }
        budget -= 1
        if budget < 0 || atom == sets.count || expression.mayMatch(holding: atoms) {
            // All strings are decided, or it does not matter: what may match is a candidate.
            if budget < 0 || expression.mayMatch(holding: atoms) { found.formUnion(texts) }
            return
        }
        guard expression.mayMatch(holding: atoms + (atom..<sets.count).map { Int32($0) }) else { return }
        let holding = atoms + [Int32(atom)]
        guard let set = sets[atom] else { return split(texts, from: atom + 1, holding: holding) }
        split(texts.intersection(set), from: atom + 1, holding: holding)
        split(texts.subtracting(set), from: atom + 1, holding: atoms)
    }
}
