/// Where the pieces of a text begin and end.
enum Tokenizers {
    /// Calls `body` with every run of letters and digits. O(bytes).
    static func words(of text: UnsafeBufferPointer<UInt8>, _ body: (UnsafeBufferPointer<UInt8>) -> Void) {
        var reader = ScalarReader(text)
        var start: Int?
        while let scalar = reader.next() {
            if CharacterClasses.isWord(scalar) {
                if start == nil { start = reader.lastPosition }
            } else if let first = start {
                body(.init(rebasing: text[first..<reader.lastPosition]))
                start = nil
            }
        }
        if let start { body(.init(rebasing: text[start...])) }
    }

    /// Calls `body` with everything that stands between white space. O(bytes).
    static func pieces(of text: UnsafeBufferPointer<UInt8>, _ body: (UnsafeBufferPointer<UInt8>) -> Void) {
        var reader = ScalarReader(text)
        var start: Int?
        while let scalar = reader.next() {
            if !CharacterClasses.isSpace(scalar) {
                if start == nil { start = reader.lastPosition }
            } else if let first = start {
                body(.init(rebasing: text[first..<reader.lastPosition]))
                start = nil
            }
        }
        if let start { body(.init(rebasing: text[start...])) }
    }
}
