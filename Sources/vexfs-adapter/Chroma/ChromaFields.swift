import VexValues

/// The members of a request's object, read as types; null counts as missing.
struct ChromaFields {
    private let members: JSON
    /// The object itself.
    var json: JSON { members }
    /// Where the object stands in the body, for messages: "configuration." or nothing.
    private let prefix: String

    /// Reads a body.
    /// - Throws: 400 where it is no JSON, 422 where it is no object or has a member twice.
    init(body: [UInt8]) throws(ChromaError) {
        try self.init(try ChromaBody.read(body) { $0.value($0.root) }, prefix: "")
    }

    /// Reads an object within a body.
    init(_ json: JSON, prefix: String) throws(ChromaError) {
        guard case .object = json else {
            let place = prefix.isEmpty ? "" : "\(prefix.dropLast()): "
            throw .shape("\(place)invalid type: \(json.kindName), expected an object")
        }
        members = json
        self.prefix = prefix
    }

    /// The keys that are there.
    var keys: [String] { (members.members ?? []).map(\.key) }

    /// A member that is there and not null.
    func value(_ key: String) -> JSON? {
        guard let value = members[key], !value.isNull else { return nil }
        return value
    }

    /// The place of a member, for messages.
    func place(_ key: String) -> String { prefix + key }

    private func wrong(_ key: String, _ value: JSON, _ expected: String) -> ChromaError {
        .shape("\(place(key)): invalid type: \(value.kindName), expected \(expected)")
    }

    func string(_ key: String) throws(ChromaError) -> String? {
        guard let value = value(key) else { return nil }
        guard let text = value.stringValue else { throw wrong(key, value, "a string") }
        return text
    }

    func requiredString(_ key: String) throws(ChromaError) -> String {
        guard let text = try string(key) else { throw .shape("missing field `\(key)`") }
        return text
    }

    func bool(_ key: String) throws(ChromaError) -> Bool? {
        guard let value = value(key) else { return nil }
        guard let flag = value.boolValue else { throw wrong(key, value, "a boolean") }
        return flag
    }

    /// A number that is not negative; one that is more than there can be of anything counts as that.
    func count(_ key: String) throws(ChromaError) -> Int? {
        guard let value = value(key) else { return nil }
        guard case .integer(let number) = value, number >= 0, number <= Int64(UInt32.max) else {
            throw wrong(key, value, "u32")
        }
        return min(Int(number), Int(Int32.max))
    }

    func number(_ key: String) throws(ChromaError) -> Double? {
        guard let value = value(key) else { return nil }
        guard let number = value.numberValue else { throw wrong(key, value, "a number") }
        return number
    }

    func strings(_ key: String) throws(ChromaError) -> [String]? {
        guard let value = value(key) else { return nil }
        guard let items = value.arrayValue else { throw wrong(key, value, "a sequence") }
        var strings: [String] = []
        for (index, item) in items.enumerated() {
            guard let text = item.stringValue else { throw wrong("\(key)[\(index)]", item, "a string") }
            strings.append(text)
        }
        return strings
    }

    func fields(_ key: String) throws(ChromaError) -> ChromaFields? {
        guard let value = value(key) else { return nil }
        return try ChromaFields(value, prefix: place(key) + ".")
    }
}
