import VexFS
import VexWire

/// One request and what is known of who asks.
public struct ServiceRequest: Sendable {
    /// What is to be done.
    public var operation: WireOperation
    /// The control part: an object.
    public var body: JSON
    /// The binary parts that it speaks of.
    public var parts = WireParts()
    /// Whether the answer may have binary parts.
    public var takesParts = false
    /// The collection whose session it is, or nil.
    public var collection: Collection?
    /// Whose the collections are that the request makes.
    public var owner: UInt32 = 0
    /// Their group.
    public var group: UInt32 = 0
    /// What the caller may do.
    public var access = ServiceAccess()
    /// Whether nobody waits for the answer any more.
    public var isCancelled: @Sendable () -> Bool = { false }

    /// Asks for an operation.
    public init(_ operation: WireOperation, _ body: JSON) {
        self.operation = operation
        self.body = body
    }
}

/// What a caller may do with collections; nil stands for the mount, which has their names.
public struct ServiceAccess: Sendable {
    /// Whether what is in there may be read.
    public var mayRead: @Sendable (Collection?) -> Bool
    /// Whether it may be changed.
    public var mayWrite: @Sendable (Collection?) -> Bool

    /// Everything, where nothing else is said.
    public init(
        mayRead: @escaping @Sendable (Collection?) -> Bool = { _ in true },
        mayWrite: @escaping @Sendable (Collection?) -> Bool = { _ in true }
    ) {
        self.mayRead = mayRead
        self.mayWrite = mayWrite
    }

    private static func name(_ collection: Collection?) -> String {
        collection.map { "in \"\($0.name)\"" } ?? "in the mount's directory"
    }

    func requireWrite(_ collection: Collection?) throws(VexFSError) {
        guard mayWrite(collection) else {
            throw VexFSError(.accessDenied, "this caller may not write \(Self.name(collection))")
        }
    }

    func requireRead(_ collection: Collection?) throws(VexFSError) {
        guard mayRead(collection) else {
            throw VexFSError(.accessDenied, "this caller may not read \(Self.name(collection))")
        }
    }
}

/// Who hears of what the service changed behind a cache's back.
public protocol ServiceObserver: Sendable {
    /// Documents of the collection came, changed or went: those of these ids, or any where there are none.
    func documentsChanged(in collection: Collection, _ ids: [ByteString]?)
    /// Files of the collection are gone.
    func documentsRemoved(_ files: [FileAttributes], from collection: Collection)
    /// A collection of that name came, went or got another name.
    func collectionChanged(named directory: ByteString)
}

/// The members of a request, read by their names. Members that are null count as missing.
struct Members {
    /// Those that every request may have.
    static let common: Set<String> = ["op", "tag", "parts", "collection", "uid", "tenant", "database"]
    /// Those that select points.
    static let selection: Set<String> = ["ids", "filter", "qdrant_filter", "where", "where_document"]

    let members: [JSON.Member]
    let place: String

    /// - Throws: `invalidArgument` for a member that is not among `keys`.
    init(_ json: JSON, at place: String = "", keys: Set<String>) throws(VexFSError) {
        guard case .object(let all) = json else {
            throw VexFSError(
                .invalidArgument, "\(place.isEmpty ? "a request" : place) is an object, not \(json.kindName)")
        }
        members = all.filter { !$0.value.isNull }
        self.place = place
        for member in members where !keys.contains(member.key) {
            let known = keys.subtracting(["op", "tag", "parts"]).sorted().joined(separator: ", ")
            throw VexFSError(.invalidArgument, "\"\(inner(member.key))\" is not known here; known are \(known)")
        }
    }

    func inner(_ key: String) -> String { place.isEmpty ? key : "\(place).\(key)" }

    subscript(key: String) -> JSON? { members.last { $0.key == key }?.value }

    func refused(_ key: String, _ rule: String) -> VexFSError {
        VexFSError(.invalidArgument, "\"\(inner(key))\" \(rule)")
    }

    func string(_ key: String) throws(VexFSError) -> String? {
        guard let value = self[key] else { return nil }
        guard case .string(let text) = value else { throw refused(key, "is \(value.kindName), and must be a string") }
        return text
    }

    func requiredString(_ key: String) throws(VexFSError) -> String {
        guard let text = try string(key) else { throw refused(key, "is missing") }
        return text
    }

    func bool(_ key: String, default standard: Bool) throws(VexFSError) -> Bool {
        guard let value = self[key] else { return standard }
        guard case .bool(let flag) = value else {
            throw refused(key, "is \(value.kindName), and must be true or false")
        }
        return flag
    }

    func integer(_ key: String, _ range: ClosedRange<Int>) throws(VexFSError) -> Int? {
        guard let value = self[key] else { return nil }
        guard let number = value.integerValue, let small = Int(exactly: number), range.contains(small) else {
            throw refused(key, "must be a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return small
    }

    func number(_ key: String) throws(VexFSError) -> Double? {
        guard let value = self[key] else { return nil }
        guard let number = value.numberValue else { throw refused(key, "is \(value.kindName), and must be a number") }
        return number
    }

    func array(_ key: String) throws(VexFSError) -> [JSON]? {
        guard let value = self[key] else { return nil }
        guard case .array(let elements) = value else {
            throw refused(key, "is \(value.kindName), and must be an array")
        }
        return elements
    }

    func strings(_ key: String) throws(VexFSError) -> [String]? {
        guard let elements = try array(key) else { return nil }
        var strings: [String] = []
        for element in elements {
            guard case .string(let text) = element else { throw refused(key, "must be an array of strings") }
            strings.append(text)
        }
        return strings
    }

    func object(_ key: String) throws(VexFSError) -> [JSON.Member]? {
        guard let value = self[key] else { return nil }
        guard case .object(let inner) = value else {
            throw refused(key, "is \(value.kindName), and must be an object")
        }
        return inner
    }
}

extension Members {
    /// An id: a string, or the digits of an integer.
    static func identifier(_ json: JSON) -> ByteString? {
        switch json {
        case .string(let text) where !text.isEmpty: ByteString(text)
        case .integer(let number): ByteString(String(number))
        default: nil
        }
    }

    /// A list of ids, also in a binary part.
    func identifiers(_ key: String, _ parts: WireParts) throws(VexFSError) -> [ByteString]? {
        guard let value = self[key] else { return nil }
        if let part = try parts.part(value) {
            // Before memory is taken for them.
            guard part.count <= WireLimits.pointsMax else {
                throw refused(key, "has \(part.count) elements, and \(WireLimits.pointsMax) are the most")
            }
            if part.element != .bytes { return try parts.digits(part).map { ByteString($0) } }
            var ids: [ByteString] = []
            for bytes in try parts.strings(part) {
                guard let bytes, !bytes.isEmpty, let id = ByteString(validating: bytes) else {
                    throw refused(key, "must be ids: UTF-8 and not empty")
                }
                ids.append(id)
            }
            return ids
        }
        guard let elements = try array(key) else { return nil }
        var ids: [ByteString] = []
        ids.reserveCapacity(elements.count)
        for element in elements {
            guard let id = Self.identifier(element) else {
                throw refused(key, "must be an array of ids: strings that are not empty, and integers")
            }
            ids.append(id)
        }
        return ids
    }

    /// What the filters ask for together, in whichever language they are; nil without any. `ids` are not among them.
    func filter() throws(VexFSError) -> Filter? {
        var filters: [Filter] = []
        if let json = self["filter"] {
            // In a path an empty filter is a slip; here it is how a program says that it means everything.
            filters.append(json == .object([]) ? .and([]) : try Filter(json: json))
        }
        if let json = self["qdrant_filter"] { filters.append(try Filter.readQdrant(json)) }
        if let json = self["where"] { filters.append(try Filter(chromaWhere: json)) }
        if let json = self["where_document"] { filters.append(try Filter(chromaWhereDocument: json)) }
        return filters.count > 1 ? .and(filters) : filters.first
    }

    /// The points that a write is for.
    /// - Throws: `invalidArgument` where nothing selects them.
    func pointSelection(_ parts: WireParts) throws(VexFSError) -> PointSelection {
        let ids = try identifiers("ids", parts)
        switch (ids, try filter()) {
        case (let ids?, nil): return .ids(ids)
        case (let ids?, let filter?): return .filter(.and([.hasID(Set(ids)), filter]))
        case (nil, let filter?): return .filter(filter)
        case (nil, nil):
            throw VexFSError(.invalidArgument, "name the points: \"ids\", or a filter (an empty one matches all)")
        }
    }
}
