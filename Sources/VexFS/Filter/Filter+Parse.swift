extension Filter {
    /// The most conditions and values together that a filter can have.
    public static let maximumConditions = 1024
    /// The deepest nesting of a JSON filter.
    public static let maximumDepth = 16
    /// The longest filter in bytes.
    public static let maximumBytes = 64 << 10

    /// Parses what stands after `where=`: a JSON filter where it begins with a brace, else a clause, still escaped.
    ///
    /// - Throws: `invalidFilter` with a sentence that names the place and what is allowed there.
    public static func parse(_ text: String) throws(VexFSError) -> Filter {
        guard text.utf8.count <= maximumBytes else {
            throw VexFSError(.invalidFilter, "the filter has \(text.utf8.count) bytes, and \(maximumBytes) is the most")
        }
        guard text.utf8.first == UInt8(ascii: "{") else { return try parse(clause: text) }
        return try Filter(json: try JSON.parse(Array(text.utf8), code: .invalidFilter))
    }

    /// Parses a clause: items with commas between, all of which must hold.
    ///
    /// - `field:value` or `field=value` equals, `field:a|b` equals one of several, `field!=value` equals none;
    /// - `field>5`, `>=`, `<`, `<=` compare with a number, or with a string by bytes (`date>=2024-01-31`);
    /// - `field~words` contains every word, without regard to case; `field*=text` contains the text as it is, and
    ///   `field^=text` begins with it;
    /// - `field@lon;lat;metres` is a place that near, `field@west;south;east;north` one in that box, in degrees;
    /// - `field` exists and is neither null nor false; `!` before an item turns it around.
    ///
    /// A value that looks like a number or a truth value equals both that and its spelling as a string; in double
    /// quotes it is only a string, and commas, bars and operators lose their meaning. `%XX` is undone after splitting.
    /// Fields are paths as ``PayloadPath`` has them.
    public static func parse(clause: String) throws(VexFSError) -> Filter {
        let items = try FilterClause.split(Array(clause.utf8)[...], at: UInt8(ascii: ","), in: "the filter")
        guard items.count <= maximumConditions else { throw FilterClause.tooLarge }
        var filters: [Filter] = []
        for (index, item) in items.enumerated() {
            filters.append(try FilterClause(item, number: index + 1).filter())
        }
        return filters.count == 1 ? filters[0] : .and(filters)
    }
}

/// Counts the conditions of one filter, for readers whose parts read one object each. Used by one thread.
final class FilterBudget {
    private var left = Filter.maximumConditions

    func spend(_ count: Int) throws(VexFSError) {
        left -= count
        guard left >= 0 else {
            throw VexFSError(.invalidFilter, "the filter has more than \(Filter.maximumConditions) conditions")
        }
    }
}

/// One item of a clause.
struct FilterClause {
    private let bytes: ArraySlice<UInt8>
    private let place: String
    private let isNegated: Bool

    static var tooLarge: VexFSError {
        VexFSError(.invalidFilter, "the filter has more than \(Filter.maximumConditions) conditions and values")
    }

    /// The signs between a field and a value; a longer one comes before its beginning.
    private static let signs = [">=", "<=", "!=", "^=", "*=", ">", "<", "=", ":", "~"]

    init(_ item: ArraySlice<UInt8>, number: Int) throws(VexFSError) {
        place = "item \(number) of the filter, \"\(String(decoding: item, as: UTF8.self))\""
        isNegated = item.first == UInt8(ascii: "!")
        bytes = isNegated ? item.dropFirst() : item
        guard !bytes.isEmpty else {
            throw VexFSError(.invalidFilter, "\(place) is empty: write field, field:value, field>=5 or !field")
        }
    }

    /// The condition of the item.
    func filter() throws(VexFSError) -> Filter {
        let positive = try condition()
        return isNegated ? .not(positive) : positive
    }

    private func condition() throws(VexFSError) -> Filter {
        if let area = try area() { return area }
        guard let (position, sign) = firstSign() else {
            let field = try name(bytes)
            return .and([.exists(field: field), .not(.anyOf(field: field, values: [.bool(false)]))])
        }
        let field = try name(bytes[..<position])
        let rest = bytes[(position + sign.utf8.count)...]
        switch sign {
        case ":", "=": return .anyOf(field: field, values: try alternatives(rest))
        case "!=": return .not(.anyOf(field: field, values: try alternatives(rest)))
        case "~":
            let words = try text(rest).text
            guard !FilterWords(words).isEmpty else { throw error("needs a word after ~") }
            return .textMatch(field: field, text: words)
        case "^=", "*=":
            let part = ByteString(try text(rest).text)
            guard !part.isEmpty else { throw error("needs a text after \(sign)") }
            return .field(field, .string(sign == "^=" ? .prefix(part) : .substring(part)))
        default:
            let bound = try bound(rest, sign)
            var range = Filter.Range()
            switch sign {
            case ">": range.greater = bound
            case ">=": range.atLeast = bound
            case "<": range.less = bound
            default: range.atMost = bound
            }
            return .range(field: field, range)
        }
    }

    private func error(_ problem: String) -> VexFSError { VexFSError(.invalidFilter, "\(place) \(problem)") }

    private func firstSign() -> (position: Int, sign: String)? {
        var inQuotes = false
        for position in bytes.indices {
            if bytes[position] == UInt8(ascii: "\"") { inQuotes.toggle() }
            if inQuotes { continue }
            if let sign = Self.signs.first(where: { bytes[position...].starts(with: $0.utf8) }) {
                return (position, sign)
            }
        }
        return nil
    }

    /// A place, where the item ends in `@` and three or four numbers.
    private func area() throws(VexFSError) -> Filter? {
        guard let sign = bytes.lastIndex(of: UInt8(ascii: "@")), firstSign().map({ $0.position > sign }) ?? true else {
            return nil
        }
        let parts = bytes[(sign + 1)...].split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false)
        let numbers = parts.compactMap { Double(String(decoding: $0, as: UTF8.self)) }
        guard numbers.count == parts.count, numbers.count == 3 || numbers.count == 4 else { return nil }
        let field = try name(bytes[..<sign])
        guard let point = GeoPoint(longitude: numbers[0], latitude: numbers[1]) else {
            throw error("has no place after @: degrees east from -180 to 180; degrees north from -90 to 90")
        }
        if numbers.count == 3 {
            guard numbers[2] >= 0 else { throw error("has a negative distance") }
            return .field(field, .geo(.radius(center: point, metres: numbers[2])))
        }
        guard GeoPoint(longitude: numbers[2], latitude: numbers[3]) != nil else {
            throw error("has no corner after the second ;: write west;south;east;north in degrees")
        }
        let box = GeoArea.box(west: numbers[0], south: numbers[1], east: numbers[2], north: numbers[3])
        return .field(field, .geo(box))
    }

    private func name(_ raw: ArraySlice<UInt8>) throws(VexFSError) -> PayloadPath {
        let name = try text(raw).text
        guard !name.isEmpty else { throw error("has no field before the sign") }
        return PayloadPath(name)
    }

    private func alternatives(_ raw: ArraySlice<UInt8>) throws(VexFSError) -> [Filter.Value] {
        var values: [Filter.Value] = []
        for part in try Self.split(raw, at: UInt8(ascii: "|"), in: place) {
            let (text, isQuoted) = try text(part)
            guard isQuoted || !text.isEmpty else {
                throw error("has an empty value; write \"\" (two double quotes) for the empty string")
            }
            if !isQuoted, let typed = Self.typed(text) { values.append(typed) }
            values.append(.string(ByteString(text)))
        }
        guard values.count <= Filter.maximumConditions else { throw Self.tooLarge }
        return values
    }

    private func bound(_ raw: ArraySlice<UInt8>, _ sign: String) throws(VexFSError) -> Filter.Value {
        let (text, isQuoted) = try text(raw)
        guard !text.isEmpty else { throw error("needs a number or a string after \(sign)") }
        if isQuoted { return .string(ByteString(text)) }
        if text.utf8.contains(where: { $0 == UInt8(ascii: "|") }) {
            throw error("has alternatives, which only : and = can have")
        }
        if let first = text.utf8.first, ["<", ">", "=", "~", ":"].contains(String(Character(Unicode.Scalar(first)))) {
            throw error("has no comparison that is known; the signs are \(Self.signs.joined(separator: " "))")
        }
        switch Self.typed(text) {
        case .bool: throw error("compares with \(text); only numbers and strings have an order")
        case let number?: return number
        case nil: return .string(ByteString(text))
        }
    }

    /// The text of a field or value: quotes taken off, or escapes undone.
    private func text(_ raw: ArraySlice<UInt8>) throws(VexFSError) -> (text: String, isQuoted: Bool) {
        let quote = UInt8(ascii: "\"")
        let isQuoted = raw.count >= 2 && raw.first == quote && raw.last == quote
        let inner = isQuoted ? raw.dropFirst().dropLast() : raw
        guard !inner.contains(quote) else {
            throw error("has a double quote in the middle; quotes go around a whole name or value (%22 is a quote)")
        }
        return (String(decoding: FileNaming.unescaped(inner), as: UTF8.self), isQuoted)
    }

    /// What an unquoted value is besides a string.
    private static func typed(_ text: String) -> Filter.Value? {
        if text == "true" || text == "false" { return .bool(text == "true") }
        guard let first = text.utf8.first, first == UInt8(ascii: "-") || first &- UInt8(ascii: "0") < 10,
            let json = try? JSON.parse(Array(text.utf8))
        else { return nil }
        return Filter.Value(json: json)
    }

    /// Splits at a byte, outside double quotes.
    static func split(
        _ bytes: ArraySlice<UInt8>, at separator: UInt8, in place: String
    ) throws(VexFSError) -> [ArraySlice<UInt8>] {
        var parts: [ArraySlice<UInt8>] = []
        var start = bytes.startIndex
        var openQuote: Int?
        for index in bytes.indices {
            if bytes[index] == UInt8(ascii: "\"") {
                openQuote = openQuote == nil ? index : nil
            } else if bytes[index] == separator, openQuote == nil {
                parts.append(bytes[start..<index])
                start = index + 1
            }
        }
        if let openQuote {
            throw VexFSError(.invalidFilter, "the double quote at byte \(openQuote) of \(place) is never closed")
        }
        return parts + [bytes[start...]]
    }
}
