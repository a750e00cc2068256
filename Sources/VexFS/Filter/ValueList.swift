/// The values that a condition lists. Whether one is among them costs the same however many there are, so a list is as
/// long as a request may be.
public struct ValueList: Sendable {
    /// The values, as they were given.
    public let values: [Filter.Value]
    /// The values in their one form, where there are many.
    private let known: Set<Filter.Value>?
    private let hasNumbers: Bool
    private let hasStrings: Bool
    private let hasTruths: Bool

    /// Fewer are compared one by one.
    private static let fewValues = 8

    /// A list of these values.
    public init(_ values: [Filter.Value]) {
        self.values = values
        known = values.count > Self.fewValues ? Set(values.map(\.canonical)) : nil
        hasNumbers = values.contains(where: \.isNumber)
        hasStrings = values.contains(where: \.isString)
        hasTruths = values.contains { !$0.isNumber && !$0.isString }
    }

    /// Whether a value, in its one form, is among them.
    func contains(_ value: Filter.Value) -> Bool {
        known?.contains(value) ?? values.contains { $0.canonical == value }
    }

    /// Whether one of them is of the kind of a value.
    func hasKind(of value: Filter.Value) -> Bool {
        value.isNumber ? hasNumbers : value.isString ? hasStrings : hasTruths
    }
}

extension ValueList: Hashable {
    /// Whether both have the same values in the same order.
    public static func == (left: ValueList, right: ValueList) -> Bool { left.values == right.values }
    /// Hashes the values.
    public func hash(into hasher: inout Hasher) { hasher.combine(values) }
}

extension ValueList: ExpressibleByArrayLiteral {
    /// A list of these values.
    public init(arrayLiteral values: Filter.Value...) { self.init(values) }
}
