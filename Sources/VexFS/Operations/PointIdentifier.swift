/// A point's id with its place in the order of ids: integers, then UUIDs, then other names by their bytes.
public enum PointIdentifier: Sendable, Hashable, Comparable, CustomStringConvertible {
    case integer(UInt64)
    case uuid(PayloadUUID)
    case name(ByteString)

    /// What the id of a document is: an integer or a UUID only in the one spelling that is its own (`7`, not `07`).
    public init(_ id: ByteString) {
        if let number = UInt64(id.string), ByteString(String(number)) == id {
            self = .integer(number)
        } else if let uuid = PayloadUUID(id.string), ByteString(uuid.description) == id {
            self = .uuid(uuid)
        } else {
            self = .name(id)
        }
    }

    /// The id of the document.
    public var text: ByteString {
        switch self {
        case .integer(let number): ByteString(String(number))
        case .uuid(let uuid): ByteString(uuid.description)
        case .name(let id): id
        }
    }

    /// The id as text.
    public var description: String { text.string }

    /// The id as Qdrant shows it: a number or a string.
    public var json: JSON {
        if case .integer(let number) = self, let small = Int64(exactly: number) { return .integer(small) }
        return .string(text.string)
    }

    /// Orders ids.
    public static func < (left: PointIdentifier, right: PointIdentifier) -> Bool {
        switch (left, right) {
        case (.integer(let left), .integer(let right)): left < right
        case (.uuid(let left), .uuid(let right)): left < right
        case (.name(let left), .name(let right)): left < right
        case (.integer, _): true
        case (.uuid, .name): true
        default: false
        }
    }
}
