/// A condition on a document's metadata, as written in `where=` or as a JSON filter.
public indirect enum Filter: Sendable, Equatable {
    case and([Filter])
    case or([Filter])
    case not(Filter)
    /// The field holds one of the values (an array field: any element does).
    case anyOf(field: String, values: [Value])
    /// The field compares so with a number, or with a string by bytes (an array field: any element does).
    case range(field: String, Range)
    /// The field is present and not null.
    case exists(field: String)
    /// The field's text contains the words, without regard to case.
    case textMatch(field: String, text: String)

    /// What a field can equal.
    public enum Value: Sendable, Hashable {
        case bool(Bool)
        case integer(Int64)
        case number(Double)
        case string(ByteString)
    }

    /// Bounds of one kind, numbers or strings; a nil bound is open.
    public struct Range: Sendable, Equatable {
        /// Greater than.
        public var greater: Value?
        /// Greater than or equal.
        public var atLeast: Value?
        /// Less than.
        public var less: Value?
        /// Less than or equal.
        public var atMost: Value?
        /// Creates bounds.
        public init(greater: Value? = nil, atLeast: Value? = nil, less: Value? = nil, atMost: Value? = nil) {
            self.greater = greater
            self.atLeast = atLeast
            self.less = less
            self.atMost = atMost
        }
    }
}
