/// What the option segments of a query path have set so far; nil where nothing was said.
public struct QueryOptions: Sendable, Equatable {
    /// Turns the text after `where=` into a filter: JSON (decoded) where it begins with "{", else a clause (still
    /// escaped).
    public typealias FilterParser = (String) throws(VexFSError) -> Filter

    /// The parser of ``Filter``.
    public static var standardFilterParser: FilterParser { { (text) throws(VexFSError) in try Filter.parse(text) } }

    /// `k=`
    public var limit: Int?
    /// `offset=`
    public var offset: Int?
    /// `min=`
    public var minimumScore: Double?
    /// `mode=`
    public var mode: QueryRequest.Mode?
    /// `ef=`
    public var ef: Int?
    /// `using=`
    public var using: String?
    /// `fields=`
    public var fields: [String]?
    /// `group=`
    public var groupBy: String?
    /// `group_size=`
    public var groupSize: Int?
    /// `budget=`
    public var tokenBudget: Int?
    /// `like=`
    public var like: ByteString?
    /// `vec=`.
    public var vector: QueryVector?
    /// `where=`
    public var filter: Filter?
    /// `where=` as it was written.
    public var filterText: String?

    /// Creates options that say nothing.
    public init() {}

    /// Takes over what a segment says; what it says again replaces what was said before, except that filters add up.
    /// - Throws: `invalidQuery` (EINVAL) with a sentence that names the item and what is allowed, or what
    ///   `parseFilter` throws.
    public mutating func apply(
        _ segment: ByteString, parseFilter: FilterParser
    ) throws(VexFSError) {
        let items = try QueryItems(Array(segment.string.utf8))
        guard items.text == nil else {
            throw VexFSError(.invalidQuery, "text= is the last part of a query path; nothing may follow it")
        }
        try apply(items, parseFilter: parseFilter)
    }

    mutating func apply(_ items: QueryItems, parseFilter: FilterParser) throws(VexFSError) {
        for (name, value) in items.items { try set(name, to: value, parseFilter: parseFilter) }
    }

    /// Filters of several segments must all hold: taking the last alone would answer more than was asked for.
    private mutating func add(_ another: Filter, _ text: String) throws(VexFSError) {
        guard let earlier = filter, let earlierText = filterText else {
            (filter, filterText) = (another, text)
            return
        }
        let isClause = { (text: String) in text.utf8.first != UInt8(ascii: "{") && !text.hasPrefix("%7") }
        guard isClause(earlierText), isClause(text) else {
            throw VexFSError(
                .invalidQuery, "two where= can be combined as clauses; put JSON filters into one: {\"and\":[…]}")
        }
        filter = .and([earlier, another])
        filterText = earlierText + "," + text
    }

    private mutating func set(
        _ name: QueryItems.Name, to raw: ArraySlice<UInt8>, parseFilter: FilterParser
    ) throws(VexFSError) {
        if name == .fields {
            fields = try Self.fieldList(raw)
            return
        }
        let value = try Self.decoded(raw, of: name)
        switch name {
        case .k: limit = try Self.integer(value, name, in: 1...10_000)
        case .offset: offset = try Self.integer(value, name, in: 0...1_000_000)
        case .ef: ef = try Self.integer(value, name, in: 1...100_000)
        case .groupSize: groupSize = try Self.integer(value, name, in: 1...100)
        case .budget: tokenBudget = try Self.integer(value, name, in: 1...1_000_000)
        case .min: minimumScore = try Self.decimal(value)
        case .mode: mode = try Self.mode(value)
        case .using: using = value
        case .group: groupBy = value
        case .like: like = ByteString(value)
        case .vec: vector = try Self.vector(value)
        case .filter:
            let clause = value.utf8.first == UInt8(ascii: "{") ? value : String(decoding: raw, as: UTF8.self)
            try add(try parseFilter(clause), String(decoding: raw, as: UTF8.self))
        case .fields, .text: break
        }
    }
}

extension QueryOptions {
    /// The value with its escapes resolved: UTF-8, not empty.
    private static func decoded(_ raw: ArraySlice<UInt8>, of name: QueryItems.Name) throws(VexFSError) -> String {
        guard let value = String(validating: PercentEncoding.decode(raw), as: UTF8.self) else {
            throw VexFSError(.invalidQuery, "The value of \(name.rawValue)= is not UTF-8 once its %XX are resolved")
        }
        guard !value.isEmpty else {
            throw VexFSError(.invalidQuery, "\(name.rawValue)= needs a value")
        }
        return value
    }

    private static func integer(
        _ value: String, _ name: QueryItems.Name, in range: ClosedRange<Int>
    ) throws(VexFSError) -> Int {
        let digits = value.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        guard digits, let number = Int(value), range.contains(number) else {
            throw VexFSError(
                .invalidQuery,
                "\(name.rawValue)=\(value) is not allowed; \(name.rawValue)= takes a whole number from "
                    + "\(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    private static func decimal(_ value: String) throws(VexFSError) -> Double {
        let decimal = value.utf8.allSatisfy { "0123456789+-.eE".utf8.contains($0) }
        guard decimal, let number = Double(value), number.isFinite else {
            throw VexFSError(.invalidQuery, "min=\(value) is not allowed; min= takes a number such as 0.3")
        }
        return number
    }

    private static func mode(_ value: String) throws(VexFSError) -> QueryRequest.Mode {
        guard let mode = QueryRequest.Mode(rawValue: value) else {
            let names = QueryRequest.Mode.allCases.map(\.rawValue).joined(separator: ", ")
            throw VexFSError(.invalidQuery, "mode=\(value) is not allowed; mode= takes one of \(names)")
        }
        return mode
    }

    private static func vector(_ value: String) throws(VexFSError) -> QueryVector {
        if value.first == "{" || value.first == "[" { return try VectorText.vector(json: value) }
        guard let vector = try VectorText.vector(value) else {
            throw VexFSError(
                .invalidQuery,
                "The value of vec= is not base64url of little-endian 32-bit floats, 4 bytes each; a sparse vector is "
                    + "INDICES:VALUES, both so, several vectors have ~ between them, and JSON is taken too")
        }
        return vector
    }

    private static func fieldList(_ raw: ArraySlice<UInt8>) throws(VexFSError) -> [String] {
        var fields: [String] = []
        for part in raw.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
            let field = try decoded(part, of: .fields)
            if !fields.contains(field) { fields.append(field) }
        }
        return fields
    }
}
