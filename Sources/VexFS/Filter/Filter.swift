/// A condition on a document: on its metadata, its text, its id or its vectors.
///
/// One language for all that ask: `where=`, JSON filters, Qdrant's filters and Chroma's `where` are read into it.
public indirect enum Filter: Sendable, Hashable {
    case and([Filter])
    case or([Filter])
    case not(Filter)
    /// At least so many of the filters match.
    case atLeast(Int, [Filter])
    /// The values that the path leads to meet the condition.
    case field(PayloadPath, FieldCondition)
    /// The document's text meets the condition; one without text meets none.
    case document(StringCondition)
    /// One element of the array at the path is an object that matches the filter by itself. The filter's paths begin at
    /// the element; ids, vectors, slices and the text of a document are out of its reach, and match nothing.
    case nested(PayloadPath, Filter)
    /// The document's id is one of these.
    case hasID(Set<ByteString>)
    /// The document has a vector of this name; the empty name is that of the collection's own vector.
    case hasVector(ByteString)
    /// The document's id falls into one of so many parts, as ``DocumentSlice`` cuts them.
    case slice(DocumentSlice)

    /// What a field can equal.
    public enum Value: Sendable, Hashable {
        case bool(Bool)
        case integer(Int64)
        case number(Double)
        case string(ByteString)
    }

    /// Bounds of one kind, numbers or strings; a nil bound is open. Without bounds, every number is in the range.
    public struct Range: Sendable, Hashable {
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
    /// Bounds of time; a nil bound is open. Without bounds, every time is in the range.
    public struct TimeRange: Sendable, Hashable {
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

/// What the values at a path have to be. Where a value is an array, each of its elements counts as a value, except
/// for ``count(_:)``, ``exists``, ``isEmpty`` and ``isNull``.
public enum FieldCondition: Sendable, Hashable {
    /// A value equals one of these; numbers by their size (3.0 is 3), other kinds only their own.
    case anyOf(ValueList)
    /// A value equals none of these: of the kinds that are listed, and of any kind but null where none is listed.
    case except(ValueList)
    /// A value compares so with a number, or with a string by bytes.
    case range(Filter.Range)
    /// A value is a time, as ``PayloadTime`` reads it, in the range.
    case time(Filter.TimeRange)
    /// A value is one of the UUIDs, in any spelling.
    case uuid([PayloadUUID])
    /// A value is a point `{"lon": …, "lat": …}` in the area.
    case geo(GeoArea)
    /// A value is a string that meets the condition.
    case string(StringCondition)
    /// How many values there are: the elements of an array, none for null and what is missing, else one.
    case count(Filter.Range)
    /// A value is there and not null.
    case exists
    /// Every value is null or an array without elements; also where there is none.
    case isEmpty
    /// A value is null, or an array that holds null.
    case isNull
}

/// What a string has to be.
public enum StringCondition: Sendable, Hashable {
    /// It contains each of the words that whitespace parts, without regard to case, also within longer words.
    case words(ByteString)
    /// The tokens of a text are among its own.
    case tokens(TokenQuery)
    /// It begins with these bytes.
    case prefix(ByteString)
    /// It contains these bytes.
    case substring(ByteString)
    /// The regular expression matches somewhere in it.
    case expression(RegularExpression)
}

/// Shorter ways to write conditions.
extension Filter {
    /// The field holds one of the values.
    public static func anyOf(field: PayloadPath, values: [Value]) -> Filter { .field(field, .anyOf(ValueList(values))) }
    /// The field compares so with a number or a string.
    public static func range(field: PayloadPath, _ range: Range) -> Filter { .field(field, .range(range)) }
    /// The field is present and not null.
    public static func exists(field: PayloadPath) -> Filter { .field(field, .exists) }
    /// The field's text contains the words.
    public static func textMatch(field: PayloadPath, text: String) -> Filter {
        .field(field, .string(.words(ByteString(text))))
    }
}
