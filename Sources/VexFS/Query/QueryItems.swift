/// One segment of a query path cut into its items, values still escaped.
struct QueryItems {
    /// The names an item can have.
    enum Name: String, CaseIterable {
        case k, offset, min, mode, ef, using, fields, group
        case groupSize = "group_size"
        case budget, like, vec
        case filter = "where"
        case text

        /// All names as a sentence lists them.
        static var list: String { allCases.map(\.rawValue).joined(separator: ", ") }
    }

    /// The items before `text=`, in order.
    var items: [(name: Name, value: ArraySlice<UInt8>)] = []
    /// What follows `text=`, up to the end of the segment.
    var text: ArraySlice<UInt8>?

    private let segment: [UInt8]

    /// Cuts a segment. An item ends at a comma; `text=` takes all that follows, `where=` all up to the next
    /// `option=value` outside double quotes (braces: up to their match), `fields=` the following items without "=".
    /// - Throws: `invalidQuery` for an item without a name, with an unknown one, or with braces that don't match.
    init(_ segment: [UInt8]) throws(VexFSError) {
        self.segment = segment
        var position = 0
        while true {
            let name = try name(at: position)
            let start = position + name.rawValue.utf8.count + 1
            if name == .text {
                text = segment[start...]
                return
            }
            let end = try end(of: name, from: start)
            items.append((name, segment[start..<end]))
            guard end < segment.count else { return }
            position = end + 1
        }
    }

    /// Whether a segment begins with something that is, or was meant to be, an option.
    static func isOptions(_ segment: [UInt8]) -> Bool {
        guard let equals = segment.firstIndex(of: UInt8(ascii: "=")) else { return false }
        let key = segment[..<equals]
        if looksLikeName(key) { return true }
        // "foo,k=5" is a slip, not a text; "hello, k=5" with its space is one.
        guard let comma = key.lastIndex(of: UInt8(ascii: ",")) else { return false }
        return Name(bytes: key[(comma + 1)...]) != nil
    }

    private static func looksLikeName(_ key: ArraySlice<UInt8>) -> Bool {
        guard let first = key.first, first >= UInt8(ascii: "A") else { return false }
        return key.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
                true
            default: false
            }
        }
    }

    private func name(at position: Int) throws(VexFSError) -> Name {
        let comma = nextComma(from: position)
        let item = String(decoding: segment[position..<comma], as: UTF8.self)
        guard !item.isEmpty else {
            throw VexFSError(.invalidQuery, "There is an empty item between the commas; items are option=value")
        }
        guard let equals = segment[position..<comma].firstIndex(of: UInt8(ascii: "=")) else {
            // Numbers with commas between are what one tries first.
            let isVector = String(decoding: segment[..<position], as: UTF8.self).contains("vec=")
            throw VexFSError(
                .invalidQuery,
                "The item \"\(item)\" has no \"=\"; "
                    + (isVector
                        ? "vec= takes the bytes of the numbers, little-endian 32-bit floats, as base64url"
                        : "items are option=value, write %2C for a comma in a value"))
        }
        guard let name = Name(bytes: segment[position..<equals]) else {
            let key = String(decoding: segment[position..<equals], as: UTF8.self)
            throw VexFSError(
                .invalidQuery,
                "\"\(key)\" is not an option; the options are \(Name.list); "
                    + "in a text, write %3D for \"=\" or begin with text=")
        }
        return name
    }

    private func end(of name: Name, from start: Int) throws(VexFSError) -> Int {
        var end = nextComma(from: start)
        let first = start < segment.count ? segment[start] : 0
        switch name {
        case .filter where first == UInt8(ascii: "{"), .vec where first == UInt8(ascii: "{"),
            .vec where first == UInt8(ascii: "["):
            end = try closingBrace(from: start, of: name) + 1
            guard end == segment.count || segment[end] == UInt8(ascii: ",") else {
                throw VexFSError(
                    .invalidQuery, "After the closing brace of \(name.rawValue)= comes a comma or nothing")
            }
        case .filter:
            end = nextComma(from: start, quotes: true)
            while end < segment.count, !isItem(at: end + 1) { end = nextComma(from: end + 1, quotes: true) }
        case .fields:
            while end < segment.count {
                let next = nextComma(from: end + 1)
                guard !segment[(end + 1)..<next].contains(UInt8(ascii: "=")) else { break }
                end = next
            }
        default: break
        }
        return end
    }

    /// The next comma, or the end; with `quotes` commas between double quotes are passed over.
    private func nextComma(from position: Int, quotes: Bool = false) -> Int {
        var inString = false
        for index in segment[position...].indices {
            if segment[index] == UInt8(ascii: ",") && !inString { return index }
            if quotes && segment[index] == UInt8(ascii: "\"") { inString.toggle() }
        }
        return segment.count
    }

    private func isItem(at position: Int) -> Bool {
        guard let equals = segment[position...].firstIndex(of: UInt8(ascii: "=")) else { return false }
        return Name(bytes: segment[position..<equals]) != nil
    }

    /// The brace or bracket that closes the one at `start`; those inside JSON strings don't count, escaped quotes
    /// neither.
    private func closingBrace(from start: Int, of name: Name) throws(VexFSError) -> Int {
        var depth = 0
        var inString = false
        var position = start
        let open = segment[start]
        let close = open == UInt8(ascii: "{") ? UInt8(ascii: "}") : UInt8(ascii: "]")
        while position < segment.count {
            switch segment[position] {
            case UInt8(ascii: "\\") where inString: position += 1
            case UInt8(ascii: "\""): inString.toggle()
            case open where !inString: depth += 1
            case close where !inString:
                depth -= 1
                if depth == 0 { return position }
            default: break
            }
            position += 1
        }
        throw VexFSError(.invalidQuery, "The braces of the JSON in \(name.rawValue)= don't match")
    }
}

extension QueryItems.Name {
    fileprivate init?(bytes: ArraySlice<UInt8>) { self.init(rawValue: String(decoding: bytes, as: UTF8.self)) }
}
