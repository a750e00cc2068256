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
    /// The field is a time, as ``PayloadTime`` reads it, in the range (an array field: any element is).
    case time(field: String, TimeRange)
    /// The field is one of the UUIDs, in any spelling (an array field: any element is).
    case uuid(field: String, [PayloadUUID])
    /// The field is a point `{"lon": …, "lat": …}` in the area (an array field: any element is).
    case geo(field: String, GeoArea)

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
    /// Bounds of time; a nil bound is open.
    public struct TimeRange: Sendable, Equatable {
        /// Later than.
        public var greater: PayloadTime?
        /// At that time or later.
        public var atLeast: PayloadTime?
        /// Earlier than.
        public var less: PayloadTime?
        /// At that time or earlier.
        public var atMost: PayloadTime?
        /// Creates bounds.
        public init(
            greater: PayloadTime? = nil, atLeast: PayloadTime? = nil, less: PayloadTime? = nil,
            atMost: PayloadTime? = nil
        ) {
            self.greater = greater
            self.atLeast = atLeast
            self.less = less
            self.atMost = atMost
        }
    }
}
