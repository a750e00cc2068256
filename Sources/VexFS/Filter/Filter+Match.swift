extension Filter {
    /// Whether a document's metadata matches, by looking at it: the definition that every index has to agree with.
    ///
    /// A dotted field ("a.b") reaches into objects; a key that holds the dots itself is found first. An array field
    /// matches when any of its elements does. A field that is missing or null equals nothing and exists not.
    public func matches(_ metadata: JSON) -> Bool {
        switch self {
        case .and(let filters): return filters.allSatisfy { $0.matches(metadata) }
        case .or(let filters): return filters.contains { $0.matches(metadata) }
        case .not(let filter): return !filter.matches(metadata)
        case .exists(let field): return metadata.value(at: field).map { !$0.isNull } ?? false
        case .anyOf(let field, let values):
            let scalars = Self.scalars(of: metadata.value(at: field))
            return values.contains { wanted in scalars.contains(wanted.canonical) }
        case .range(let field, let range):
            return Self.scalars(of: metadata.value(at: field)).contains { range.contains($0) }
        case .textMatch(let field, let text):
            let words = FilterWords(text)
            return Self.scalars(of: metadata.value(at: field)).contains { value in
                if case .string(let text) = value { words.match(text) } else { false }
            }
        case .time(let field, let range):
            return Self.scalars(of: metadata.value(at: field)).contains { value in
                if case .string(let text) = value {
                    PayloadTime(text.string).map(range.contains) ?? false
                } else {
                    false
                }
            }
        case .uuid(let field, let wanted):
            return Self.scalars(of: metadata.value(at: field)).contains { value in
                if case .string(let text) = value {
                    PayloadUUID(text.string).map(wanted.contains) ?? false
                } else {
                    false
                }
            }
        case .geo(let field, let area):
            return GeoPoint.points(of: metadata.value(at: field)).contains(where: area.contains)
        }
    }

    /// The scalars that a field holds: itself, or the elements of an array.
    static func scalars(of json: JSON?) -> [Value] {
        guard let json else { return [] }
        if case .array(let elements) = json { return elements.compactMap { Value(json: $0) } }
        return Value(json: json).map { [$0] } ?? []
    }
}
