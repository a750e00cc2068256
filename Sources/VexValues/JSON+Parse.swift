extension JSON {
    /// Parses one strict JSON text of at most 64 levels; a repeated key keeps its last value.
    ///
    /// Integers beyond `Int64` become numbers. Throws `code` with a sentence that names line and column.
    public static func parse(
        _ bytes: [UInt8], code: VexFSError.Code = .invalidArgument
    ) throws(VexFSError) -> JSON {
        try bytes.withUnsafeBufferPointer { (buffer) throws(VexFSError) -> JSON in try parse(buffer, code: code) }
    }

    /// Parses one strict JSON text, as ``parse(_:code:)-([UInt8],_)`` does.
    public static func parse(
        _ bytes: UnsafeBufferPointer<UInt8>, code: VexFSError.Code = .invalidArgument
    ) throws(VexFSError) -> JSON {
        guard let value = JSONTape.withTape(of: bytes, { $0.value($0.root) }) else {
            throw JSONFault.find(in: bytes, objectOnly: false).error(code)
        }
        return value
    }

    /// The string, or nil for any other kind.
    public var stringValue: String? { if case .string(let text) = self { text } else { nil } }
    /// The truth value, or nil for any other kind.
    public var boolValue: Bool? { if case .bool(let value) = self { value } else { nil } }
    /// The elements, or nil for any other kind.
    public var arrayValue: [JSON]? { if case .array(let elements) = self { elements } else { nil } }
    /// The members, or nil for any other kind.
    public var members: [Member]? { if case .object(let members) = self { members } else { nil } }
    /// Whether this is null.
    public var isNull: Bool { if case .null = self { true } else { false } }

    /// The integer, also where it is written as a number without a fraction (`3.0`), or nil.
    public var integerValue: Int64? {
        switch self {
        case .integer(let value): value
        case .number(let value): Int64(exactly: value)
        default: nil
        }
    }

    /// The number, or nil for any other kind.
    public var numberValue: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value): value
        default: nil
        }
    }

    /// The kind with its article, for sentences: "a string".
    public var kindName: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .integer, .number: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }

    /// The value at a dotted path ("a.b"); a key that holds dots itself is found first.
    public func value(at path: String) -> JSON? {
        guard case .object = self else { return nil }
        if let found = self[path] { return found }
        var search = path.utf8.startIndex
        while let dot = path.utf8[search...].firstIndex(of: UInt8(ascii: ".")) {
            let after = path.utf8.index(after: dot)
            if let inner = self[String(path[..<dot])], let found = inner.value(at: String(path[after...])) {
                return found
            }
            search = after
        }
        return nil
    }

    /// Sets the value of a key of an object; nil removes the key. Leaves every other kind alone.
    public mutating func set(_ key: String, to value: JSON?) {
        guard case .object(var members) = self else { return }
        let found = members.lastIndex { $0.key.utf8.elementsEqual(key.utf8) }
        switch (found, value) {
        case (let index?, let value?): members[index].value = value
        case (let index?, nil): members.remove(at: index)
        case (nil, let value?): members.append(Member(key, value))
        case (nil, nil): return
        }
        self = .object(members)
    }
}
