/// What a column has besides its values, made when conditions first ask for it.
enum ColumnPart: String, Sendable, Hashable, CaseIterable {
    /// Numbers in order.
    case numbers
    /// Times, read from strings.
    case times
    /// UUIDs, read from strings.
    case uuids
    /// Points in order.
    case places
    /// Words of strings.
    case words
    /// Tokens of strings, as ``PayloadIndex/textOptions(of:)`` has them.
    case tokens
    /// Trigrams of strings.
    case trigrams

    /// The part that a condition asks for.
    init?(_ condition: FieldCondition) {
        switch condition {
        case .range(let range):
            guard !range.bounds.isEmpty, range.bounds.allSatisfy(\.isNumber) else { return nil }
            self = .numbers
        case .time: self = .times
        case .uuid: self = .uuids
        case .geo: self = .places
        case .string(.words): self = .words
        case .string(.tokens): self = .tokens
        case .string(.substring), .string(.expression): self = .trigrams
        case .string(.prefix), .anyOf, .except, .count, .exists, .isEmpty, .isNull: return nil
        }
    }

    /// The part that a type asks for.
    init?(_ type: PayloadType) {
        switch type {
        case .keyword, .bool: return nil
        case .integer, .float: self = .numbers
        case .datetime: self = .times
        case .uuid: self = .uuids
        case .geo: self = .places
        case .text: self = .words
        }
    }
}
