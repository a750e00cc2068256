extension Filter: CustomStringConvertible {
    /// The condition in words and signs, for `.explain`: `(lang in ["en", "de"] and not draft exists)`.
    public var description: String {
        switch self {
        case .and(let filters): return Self.join(filters, "and", empty: "everything")
        case .or(let filters): return Self.join(filters, "or", empty: "nothing")
        case .not(let filter): return "not \(filter)"
        case .exists(let field): return "\(Self.name(field)) exists"
        case .anyOf(let field, let values) where values.count == 1:
            return "\(Self.name(field)) = \(Self.literal(values[0]))"
        case .anyOf(let field, let values):
            return "\(Self.name(field)) in [\(values.map(Self.literal).joined(separator: ", "))]"
        case .textMatch(let field, let text):
            return "\(Self.name(field)) ~ \(Self.literal(.string(ByteString(text))))"
        case .range(let field, let range):
            let bounds = [(">", range.greater), (">=", range.atLeast), ("<", range.less), ("<=", range.atMost)]
            let parts = bounds.compactMap { sign, bound in
                bound.map { "\(Self.name(field)) \(sign) \(Self.literal($0))" }
            }
            return parts.count == 1 ? parts[0] : "(\(parts.joined(separator: " and ")))"
        case .time(let field, let range):
            let bounds = [(">", range.greater), (">=", range.atLeast), ("<", range.less), ("<=", range.atMost)]
            let parts = bounds.compactMap { sign, bound in
                bound.map { "\(Self.name(field)) \(sign) time \($0)" }
            }
            return parts.count == 1 ? parts[0] : "(\(parts.joined(separator: " and ")))"
        case .uuid(let field, let wanted):
            return "\(Self.name(field)) is uuid \(wanted.map(\.description).joined(separator: " or "))"
        case .geo(let field, .radius(let center, let metres)):
            return "\(Self.name(field)) within \(metres) m of \(center.longitude),\(center.latitude)"
        case .geo(let field, .box(let west, let south, let east, let north)):
            return "\(Self.name(field)) in box \(west),\(south) to \(east),\(north)"
        case .geo(let field, .polygon(let exterior, let interiors)):
            return "\(Self.name(field)) in polygon of \(exterior.count) points with \(interiors.count) holes"
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
                || byte == UInt8(ascii: "_") || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-")
        }
        return isPlain && !field.isEmpty ? field : literal(.string(ByteString(field)))
    }

    private static func literal(_ value: Value) -> String {
        guard case .string(let text) = value else { return value.text.string }
        var bytes: [UInt8] = []
        JSON.write(string: text.string, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }
}
