import VexValues

/// A request's body while it is read.
enum ChromaBody {
    /// The members that requests have, none of which may be there twice. What is not known may, as it is not read.
    private static let known: Set<String> = [
        "name", "metadata", "configuration", "schema", "get_or_create", "new_name", "new_metadata",
        "new_configuration", "resource_name", "ids", "embeddings", "metadatas", "documents", "uris", "where",
        "where_document", "include", "limit", "offset", "n_results", "query_embeddings", "searches",
    ]

    /// Parses a body and calls `read` with it.
    /// - Throws: 400 where it is no JSON, 422 where it is no object or has a member twice, and what `read` throws.
    static func read<Result>(
        _ body: [UInt8], _ read: (JSONTape) throws(ChromaError) -> Result
    ) throws(ChromaError) -> Result {
        if let result = try parsed(body, read) { return result }
        if let wide = widened(body), let result = try parsed(wide, read) { return result }
        do throws(VexFSError) { _ = try JSON.parse(body) } catch {
            throw .invalid("Failed to parse the request body as JSON: \(error.message)")
        }
        throw .invalid("Failed to parse the request body as JSON")
    }

    private static func parsed<Result>(
        _ body: [UInt8], _ read: (JSONTape) throws(ChromaError) -> Result
    ) throws(ChromaError) -> Result? {
        try body.withUnsafeBufferPointer { buffer throws(ChromaError) in
            try JSONTape.withTape(of: buffer) { tape throws(ChromaError) in
                guard tape.kind(tape.root) == .object else {
                    throw .shape("invalid type: \(tape.value(tape.root).kindName), expected an object")
                }
                try refuseRepetition(in: tape)
                return try read(tape)
            }
        }
    }

    // MARK: Members that are there twice

    private static func refuseRepetition(in tape: JSONTape) throws(ChromaError) {
        try members(of: tape.root, in: tape, prefix: "", known: known) { key, value throws(ChromaError) in
            switch key {
            case "configuration", "new_configuration":
                try members(of: value, in: tape, prefix: "\(key): ") { inner, value throws(ChromaError) in
                    guard inner == "hnsw" || inner == "spann" else { return }
                    try members(of: value, in: tape, prefix: "\(key).\(inner): ")
                }
            case "schema": try members(of: value, in: tape, prefix: "schema: ")
            case "searches" where tape.kind(value) == .array:
                try tape.forEachElement(of: value) { search throws(ChromaError) in
                    try members(of: search, in: tape, prefix: "searches: ")
                }
            default: break
            }
        }
    }

    /// Calls `body` with every member of an object; nothing that is none has members.
    private static func members(
        of object: Int, in tape: JSONTape, prefix: String, known: Set<String>? = nil,
        _ body: (String, Int) throws(ChromaError) -> Void = { _, _ in }
    ) throws(ChromaError) {
        guard tape.kind(object) == .object else { return }
        var seen: Set<String> = []
        try tape.forEachMember(of: object) { key, value throws(ChromaError) in
            let key = tape.string(key)
            guard known?.contains(key) ?? true else { return }
            guard seen.insert(key).inserted else { throw .shape("\(prefix)duplicate field `\(key)`") }
            try body(key, value)
        }
    }

    // MARK: Whole numbers of any length

    /// The longest digits that are a number of 64 bits whatever they are.
    private static let narrowDigits = 18

    /// The text with whole numbers that may have more than 64 bits written as others, which have no limit but that of
    /// a Double; nil where there is none.
    private static func widened(_ body: [UInt8]) -> [UInt8]? {
        var out: [UInt8] = []
        out.reserveCapacity(body.count + 64)
        var (isText, isEscaped, isNumber, isWhole) = (false, false, false, true)
        var (digits, changes) = (0, 0)
        func endNumber() {
            if isNumber, isWhole, digits > narrowDigits {
                out.append(contentsOf: ".0".utf8)
                changes += 1
            }
            (isNumber, isWhole, digits) = (false, true, 0)
        }
        for byte in body {
            if isText {
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    isText = false
                }
            } else {
                switch byte {
                case UInt8(ascii: "0")...UInt8(ascii: "9"):
                    isNumber = true
                    digits += 1
                case UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"), UInt8(ascii: "+"):
                    isWhole = false
                case UInt8(ascii: "-"): if isNumber { isWhole = false }
                default: endNumber()
                }
                isText = byte == UInt8(ascii: "\"")
            }
            out.append(byte)
        }
        endNumber()
        return changes == 0 ? nil : out
    }
}
