/// Words of any script without a dictionary.
///
/// Scripts with spaces are cut as words are; marks stay in their words. A run of a script without spaces becomes
/// overlapping pairs of characters, a character with its marks counting as one (the usual way without a dictionary:
/// Nie & Ren 1999, "Chinese information retrieval: using characters or words?", doi:10.1016/S0306-4573(98)00051-2). A
/// query of one character finds it because documents have the characters of longer runs as tokens too, at the end, so
/// that the pairs stay neighbours for phrases.
enum Multilingual {
    /// Calls `body` with every piece, in lower case and without accents; `withSingles` adds the single characters.
    static func pieces(
        of text: UnsafeBufferPointer<UInt8>, withSingles: Bool, _ body: (UnsafeBufferPointer<UInt8>) -> Void
    ) {
        var lower: [UInt8] = []
        lower.reserveCapacity(text.count)
        LowerCase.append(text, to: &lower)
        var plain: [UInt8] = []
        plain.reserveCapacity(lower.count)
        lower.withUnsafeBufferPointer { appendPlain($0, to: &plain) }
        plain.withUnsafeBufferPointer { plain in
            var singles: [Range<Int>] = []
            runs(of: plain) { run, isUnspaced in
                if isUnspaced {
                    pairs(of: run, in: plain, singles: &singles, body)
                } else if hasLetter(.init(rebasing: plain[run])) {
                    body(.init(rebasing: plain[run]))
                }
            }
            guard withSingles else { return }
            for single in singles { body(.init(rebasing: plain[single])) }
        }
    }

    /// Appends the text without accents and without the marks that writers leave out.
    private static func appendPlain(_ text: UnsafeBufferPointer<UInt8>, to result: inout [UInt8]) {
        var reader = ScalarReader(text)
        while let scalar = reader.next() {
            if scalar < 0x80 {
                result.append(UInt8(truncatingIfNeeded: scalar))
            } else if isOptionalMark(scalar) {
                continue
            } else if scalar < 0x2000, let letter = greekLetters[scalar] {
                result.append(contentsOf: letter)
            } else if isAccented(scalar), let folded = ASCIIFolding.table[scalar] {
                result.append(contentsOf: folded)
            } else {
                result.append(contentsOf: reader.lastBytes)
            }
        }
    }

    /// Whether the code point is letters of ASCII with accents, or in another form, and not a letter of its own.
    private static func isAccented(_ value: UInt32) -> Bool {
        switch value {
        case 0xC0...0x24F, 0x1E00...0x1EFF, 0xFB00...0xFB06, 0xFF10...0xFF5A: !ownLetters.contains(value)
        default: false
        }
    }

    /// Letters that ASCII folding replaces though they are no accented ones: "ø", "ł", "ß" and their like.
    private static let ownLetters = Set(
        "ßẚƈȼǝɇıðđƌȡŉŋƞȵøǿƴɏỿþǥħȷɉƙĸɋŀłƚȴɍȿẜẝŧƫƭȶƿƶȝȥɀƀƃƒẛƕƥȣȸȹỻ".unicodeScalars.map(\.value))

    /// Combining accents, Hebrew points, Arabic vowel signs and the stretching mark, Thai vowel and tone marks.
    private static func isOptionalMark(_ value: UInt32) -> Bool {
        switch value {
        case 0x0300...0x036F, 0x0591...0x05BD, 0x05BF, 0x05C1...0x05C2, 0x05C4...0x05C5, 0x05C7: true
        case 0x0640, 0x064B...0x065F, 0x0670, 0x0E31, 0x0E34...0x0E3A, 0x0E47...0x0E4E: true
        default: false
        }
    }

    /// Calls `body` with the runs of word characters, cut where scripts with and without spaces meet.
    private static func runs(of text: UnsafeBufferPointer<UInt8>, _ body: (Range<Int>, Bool) -> Void) {
        var reader = ScalarReader(text)
        var start: Int?
        var isUnspaced = false
        while let scalar = reader.next() {
            let here = reader.lastPosition
            let isWord = CharacterClasses.isWord(scalar) || (start != nil && CharacterClasses.isMark(scalar))
            let kind = CharacterClasses.isUnspaced(scalar) || (isUnspaced && CharacterClasses.isMark(scalar))
            if let first = start, !isWord || kind != isUnspaced {
                body(first..<here, isUnspaced)
                start = nil
            }
            if isWord, start == nil {
                start = here
                isUnspaced = kind
            }
        }
        if let start { body(start..<text.count, isUnspaced) }
    }

    private static func pairs(
        of run: Range<Int>, in text: UnsafeBufferPointer<UInt8>, singles: inout [Range<Int>],
        _ body: (UnsafeBufferPointer<UInt8>) -> Void
    ) {
        var characters: [Int] = []
        var reader = ScalarReader(.init(rebasing: text[run]))
        while let scalar = reader.next() {
            if characters.isEmpty || !CharacterClasses.isMark(scalar) {
                characters.append(run.lowerBound + reader.lastPosition)
            }
        }
        characters.append(run.upperBound)
        guard characters.count > 2 else { return body(.init(rebasing: text[run])) }
        for index in 0..<characters.count - 2 { body(.init(rebasing: text[characters[index]..<characters[index + 2]])) }
        for index in 0..<characters.count - 1 { singles.append(characters[index]..<characters[index + 1]) }
    }

    private static func hasLetter(_ piece: UnsafeBufferPointer<UInt8>) -> Bool {
        var reader = ScalarReader(piece)
        while let scalar = reader.next() { if CharacterClasses.isLetter(scalar) { return true } }
        return false
    }

    /// Accented Greek letters of both orthographies, as their letters.
    private static let greekLetters: [UInt32: [UInt8]] = {
        let lists = [
            "α": "άἀἁἂἃἄἅἆἇὰάᾀᾁᾂᾃᾄᾅᾆᾇᾰᾱᾲᾳᾴᾶᾷ", "ε": "έἐἑἒἓἔἕὲέ",
            "η": "ήἠἡἢἣἤἥἦἧὴήᾐᾑᾒᾓᾔᾕᾖᾗῂῃῄῆῇ", "ι": "ΐίϊἰἱἲἳἴἵἶἷὶίῐῑῒΐῖῗ",
            "ο": "όὀὁὂὃὄὅὸό", "ρ": "ῤῥ", "υ": "ΰϋύὐὑὒὓὔὕὖὗὺύῠῡῢΰῦῧ", "ω": "ώὠὡὢὣὤὥὦὧὼώᾠᾡᾢᾣᾤᾥᾦᾧῲῳῴῶῷ",
        ]
        var table: [UInt32: [UInt8]] = [:]
        for (letter, accented) in lists {
            for scalar in accented.unicodeScalars { table[scalar.value] = Array(letter.utf8) }
        }
        return table
    }()
}
