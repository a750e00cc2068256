extension Filter: CustomStringConvertible {
    /// The condition in words and signs, for `.explain`: `(lang in ["en", "de"] and not draft exists)`.
    public var description: String {
        switch self {
        case .and(let filters): return Self.join(filters, "and", empty: "everything")
        case .or(let filters): return Self.join(filters, "or", empty: "nothing")
        case .not(let filter): return "not \(filter)"
        case .atLeast(let count, let filters):
            return "at least \(count) of (\(filters.map(\.description).joined(separator: ", ")))"
        case .field(let path, let condition): return condition.description(of: Self.name(path.description))
        case .document(let condition): return condition.description(of: "the text")
        case .nested(let path, let filter): return "an element of \(Self.name(path.description)) with (\(filter))"
        case .hasID(let ids):
            return "id in [\(ids.sorted().map { Self.literal(.string($0)) }.joined(separator: ", "))]"
        case .hasVector(let name): return "has vector \(Self.literal(.string(name)))"
        case .slice(let slice): return "slice \(slice.index) of \(slice.total)"
        }
    }

    private static func join(_ filters: [Filter], _ word: String, empty: String) -> String {
        if filters.isEmpty { return empty }
        if filters.count == 1 { return filters[0].description }
        return "(" + filters.map(\.description).joined(separator: " \(word) ") + ")"
    }

    /// A field as it is where it cannot be misread, else in quotes.
    private static func name(_ field: String) -> String {
        let isPlain = field.utf8.allSatisfy { byte in
            byte >= 0x80 || byte &- UInt8(ascii: "0") < 10 || (byte | 0x20) &- UInt8(ascii: "a") < 26
                || "_.-[]!\"".utf8.contains(byte)
        }
        return isPlain && !field.isEmpty ? field : literal(.string(ByteString(field)))
    }

    static func literal(_ value: Value) -> String {
        guard case .string(let text) = value else { return value.text.string }
        var bytes: [UInt8] = []
        JSON.write(string: text.string, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    static func literals(_ values: [Value]) -> String { "[\(values.map(literal).joined(separator: ", "))]" }
}

extension FieldCondition {
    /// The condition on what is called `name`.
    fileprivate func description(of name: String) -> String {
        switch self {
        case .exists: "\(name) exists"
        case .isEmpty: "\(name) is empty"
        case .isNull: "\(name) is null"
        case .anyOf(let values) where values.values.count == 1: "\(name) = \(Filter.literal(values.values[0]))"
        case .anyOf(let values): "\(name) in \(Filter.literals(values.values))"
        case .except(let values): "\(name) has a value not in \(Filter.literals(values.values))"
        case .range(let range): Self.bounds(range.signed.map { ($0, Filter.literal($1)) }, of: name, none: "a number")
        case .count(let range):
            Self.bounds(range.signed.map { ($0, Filter.literal($1)) }, of: "count of \(name)", none: "anything")
        case .time(let range):
            Self.bounds(range.signed.map { ($0, "time \($1)") }, of: name, none: "a time")
        case .uuid(let wanted): "\(name) is uuid \(wanted.map(\.description).joined(separator: " or "))"
        case .string(let condition): condition.description(of: name)
        case .geo(.radius(let center, let metres)):
            "\(name) within \(metres) m of \(center.longitude),\(center.latitude)"
        case .geo(.box(let west, let south, let east, let north)):
            "\(name) in box \(west),\(south) to \(east),\(north)"
        case .geo(.polygon(let exterior, let interiors)):
            "\(name) in polygon of \(exterior.count) points with \(interiors.count) holes"
        }
    }

    private static func bounds(_ bounds: [(String, String)], of name: String, none: String) -> String {
        if bounds.isEmpty { return "\(name) is \(none)" }
        let parts = bounds.map { sign, bound in "\(name) \(sign) \(bound)" }
        return parts.count == 1 ? parts[0] : "(\(parts.joined(separator: " and ")))"
    }
}

extension StringCondition {
    /// The condition on what is called `name`.
    fileprivate func description(of name: String) -> String {
        func literal(_ text: ByteString) -> String { Filter.literal(.string(text)) }
        switch self {
        case .words(let text): return "\(name) ~ \(literal(text))"
        case .tokens(let query):
            let kind =
                switch query.mode {
                case .all: "all tokens"
                case .any: "any token"
                case .phrase: "the phrase"
                }
            return "\(name) has \(kind) \(literal(query.text))"
        case .prefix(let start): return "\(name) begins with \(literal(start))"
        case .substring(let part): return "\(name) contains \(literal(part))"
        case .expression(let expression): return "\(name) matches \(literal(ByteString(expression.pattern)))"
        }
    }
}

extension Filter.Range {
    /// The bounds that there are, with their signs.
    fileprivate var signed: [(String, Filter.Value)] {
        [(">", greater), (">=", atLeast), ("<", less), ("<=", atMost)].compactMap { sign, bound in
            bound.map { (sign, $0) }
        }
    }
}

extension Filter.TimeRange {
    /// The bounds that there are, with their signs.
    fileprivate var signed: [(String, PayloadTime)] {
        [(">", greater), (">=", atLeast), ("<", less), ("<=", atMost)].compactMap { sign, bound in
            bound.map { (sign, $0) }
        }
    }
}
