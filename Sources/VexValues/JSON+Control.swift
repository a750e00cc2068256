import CJansson

extension JSON {
    /// Parses control JSON with jansson: settings, schemas, the store's own records. Documents, metadata and filters
    /// go through ``parse(_:code:)``.
    ///
    /// Strict: one value of at most 2048 levels, no repeated keys, integers within `Int64`.
    /// - Throws: `code` with a sentence that names line and column.
    public static func parseControl(_ bytes: [UInt8], code: VexFSError.Code) throws(VexFSError) -> JSON {
        var failure = json_error_t()
        let flags = Int(JSON_REJECT_DUPLICATES) | Int(JSON_DECODE_ANY) | Int(JSON_ALLOW_NUL)
        // One byte more, so that empty input has an address too.
        let root = (bytes + [0]).withUnsafeBytes { buffer in
            json_loadb(buffer.baseAddress?.assumingMemoryBound(to: CChar.self), buffer.count - 1, flags, &failure)
        }
        guard let root else {
            let reason = withUnsafeBytes(of: failure.text) { text in
                String(decoding: text.prefix { $0 != 0 }, as: UTF8.self)
            }
            throw VexFSError(code, "invalid JSON at line \(failure.line), column \(failure.column): \(reason)")
        }
        defer { json_decref(root) }
        return JSON(root)
    }

    /// Copies a jansson value. `value` stays the caller's.
    private init(_ value: UnsafeMutablePointer<json_t>) {
        switch value.pointee.type {
        case JSON_OBJECT:
            var members: [Member] = []
            var place = json_object_iter(value)
            while let current = place {
                if let key = json_object_iter_key(current), let item = json_object_iter_value(current) {
                    members.append(Member(String(cString: key), JSON(item)))
                }
                place = json_object_iter_next(value, current)
            }
            self = .object(members)
        case JSON_ARRAY:
            self = .array((0..<json_array_size(value)).compactMap { json_array_get(value, $0).map { JSON($0) } })
        case JSON_STRING:
            let start = json_string_value(value)
            let text = UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : json_string_length(value))
            self = .string(String(decoding: text, as: UTF8.self))
        case JSON_INTEGER: self = .integer(Int64(json_integer_value(value)))
        case JSON_REAL: self = .number(json_real_value(value))
        case JSON_TRUE: self = .bool(true)
        case JSON_FALSE: self = .bool(false)
        default: self = .null
        }
    }
}
