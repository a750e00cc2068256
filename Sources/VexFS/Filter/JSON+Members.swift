extension JSON {
    /// Parses one JSON text as ``parse(_:code:)-([UInt8],_)`` does, but of an object keeps only the members with these
    /// keys; nil keeps all. What is left out is not copied.
    static func parse(
        _ bytes: [UInt8], keeping keys: [ByteString]?, code: VexFSError.Code
    ) throws(VexFSError) -> JSON {
        guard let keys else { return try parse(bytes, code: code) }
        let found = bytes.withUnsafeBufferPointer { bytes in
            JSONTape.withTape(of: bytes) { tape in tape.value(tape.root, keeping: keys) }
        }
        // Of what the parser refuses, this names the fault.
        guard let found else { return try parse(bytes, code: code) }
        return found
    }
}

extension JSONTape {
    /// The value at `index`, of an object only the members with these keys.
    fileprivate func value(_ index: Int, keeping keys: [ByteString]) -> JSON {
        guard kind(index) == .object else { return value(index) }
        var members = JSONMembers()
        forEachMember(of: index) { key, item in
            let spelled = UnsafeRawBufferPointer(bytes(key))
            let isWanted = keys.contains { wanted in
                wanted.count == spelled.count && wanted.withBytes { $0.elementsEqual(spelled) }
            }
            if isWanted { members.set(string(key), value(item)) }
        }
        return .object(members.list)
    }
}

extension PayloadPath {
    /// The keys of a payload's own members among which the path may begin.
    var firstKeys: [ByteString] {
        var keys = literal.map { [$0.key] } ?? []
        switch steps.first {
        case .key(let key): keys.append(key)
        case .dotted(let path):
            keys.append(path)
            let bytes = Array(path.string.utf8)
            for place in bytes.indices where bytes[place] == UInt8(ascii: ".") {
                keys.append(ByteString(String(decoding: bytes[..<place], as: UTF8.self)))
            }
        case .each, .index, .scalar, nil: break
        }
        return keys
    }
}
