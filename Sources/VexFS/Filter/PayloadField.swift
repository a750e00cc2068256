/// A metadata field and how many rows hold which kind of value in it.
public struct PayloadField: Sendable, Equatable {
    /// The dotted path.
    public var name: String
    /// Rows with a string.
    public var strings = 0
    /// Rows with a number.
    public var numbers = 0
    /// Rows with a boolean.
    public var booleans = 0
    /// Rows with an array.
    public var arrays = 0

    /// Rows with any value.
    public var count: Int { strings + numbers + booleans + arrays }
}

/// Field names with their kinds as the values of a column.
enum FieldNames {
    /// Deeper than this, objects are not looked into.
    private static let maximumDepth = 8

    /// An array of the names of all fields of an object that hold a value: a letter for the kind, then the dotted path.
    static func all(in metadata: JSON) -> JSON {
        var names: [JSON] = []
        collect(metadata, below: "", depth: 0, into: &names)
        return .array(names)
    }

    private static func collect(_ json: JSON, below path: String, depth: Int, into names: inout [JSON]) {
        guard case .object(let members) = json, depth < maximumDepth else { return }
        for member in members {
            let name = path + member.key
            switch member.value {
            case .null: break
            case .bool: names.append(.string("b" + name))
            case .integer, .number: names.append(.string("n" + name))
            case .string: names.append(.string("s" + name))
            case .array: names.append(.string("a" + name))
            case .object: collect(member.value, below: name + ".", depth: depth + 1, into: &names)
            }
        }
    }

    /// The fields of the rows, in byte order of their names.
    static func count(_ column: PayloadColumn, in live: RowBitmap) -> [PayloadField] {
        var fields: [ByteString: PayloadField] = [:]
        for (marked, rows) in zip(column.strings.keys, column.strings.postings) {
            guard let kind = marked.string.utf8.first else { continue }
            let count = rows.count(in: live)
            guard count > 0 else { continue }
            let name = String(marked.string.unicodeScalars.dropFirst())
            var field = fields[ByteString(name)] ?? PayloadField(name: name)
            switch kind {
            case UInt8(ascii: "b"): field.booleans += count
            case UInt8(ascii: "n"): field.numbers += count
            case UInt8(ascii: "s"): field.strings += count
            default: field.arrays += count
            }
            fields[ByteString(name)] = field
        }
        return fields.sorted { $0.key < $1.key }.map(\.value)
    }
}
