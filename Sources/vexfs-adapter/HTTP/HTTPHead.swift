import CMicrohttpd

/// What the head of a request says about its body, judged more strictly than the library does (RFC 9112, section 6.3:
/// a message that could be read in two ways is an attack on whatever stands in front).
struct HTTPHead {
    /// The headers that something here reads.
    private static let kept: Set<String> = [
        "content-type", "user-agent", "authorization", "x-chroma-token", "api-key", "accept-encoding", "host", "origin",
    ]
    /// Headers that say where the body ends.
    private static let framing = ["content-length", "transfer-encoding"]

    private let version: String
    private(set) var headers: [String: String] = [:]
    private(set) var contentLength: Int?
    private(set) var isChunked = false
    /// What is wrong, for the client.
    private(set) var problem: String?

    /// Whether a body follows.
    var hasBody: Bool { isChunked || contentLength ?? 0 > 0 }

    /// Reads all headers of a connection's request; `version` is that of its first line.
    init(_ connection: OpaquePointer, version: String) {
        self.version = version
        withUnsafeMutablePointer(to: &self) { head in
            _ = MHD_get_connection_values_n(
                connection, .HEADER_KIND,
                { context, _, name, nameSize, value, valueSize in
                    let head = context?.assumingMemoryBound(to: HTTPHead.self)
                    // Contract: the library's pointers are valid during this call, a header without a value has none.
                    head?.pointee.take(
                        String(decoding: UnsafeRawBufferPointer(start: name, count: nameSize), as: UTF8.self),
                        String(decoding: UnsafeRawBufferPointer(start: value, count: valueSize), as: UTF8.self))
                    return .YES
                }, head)
        }
        if version == "HTTP/1.1", headers["host"] == nil, problem == nil { problem = "a request has a Host" }
        if isChunked, contentLength != nil { problem = "a request has Content-Length or Transfer-Encoding, not both" }
    }

    private mutating func take(_ name: String, _ text: String) {
        let key = name.lowercased()
        // The library takes a header whose value begins in the next line for one with a longer name.
        guard !Self.framing.contains(where: { key.hasPrefix($0) && key != $0 }) else {
            problem = "the value of a header stands in its line"
            return
        }
        guard !name.isEmpty, name.utf8.allSatisfy(Self.isToken) else {
            problem = "a header's name is one or more letters, digits and some signs"
            return
        }
        let value = Self.trimmed(text)
        switch key {
        case "content-length": takeLength(value)
        case "transfer-encoding":
            guard version != "HTTP/1.0" else {
                problem = "HTTP/1.0 has no Transfer-Encoding"
                return
            }
            // White space behind it would be none of the value, but the library takes it for some.
            guard !isChunked, text.lowercased() == "chunked" else {
                problem = "the only Transfer-Encoding that is known is chunked"
                return
            }
            isChunked = true
        case "host" where headers[key] != nil: problem = "a request has one Host"
        default:
            if Self.kept.contains(key), headers[key] == nil { headers[key] = value }
        }
    }

    private mutating func takeLength(_ value: String) {
        guard contentLength == nil else {
            problem = "a request has one Content-Length"
            return
        }
        guard let length = Int(value), length >= 0, value.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else {
            problem = "Content-Length is a number of bytes"
            return
        }
        contentLength = length
    }

    /// RFC 9110, section 5.6.2.
    private static func isToken(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }

    /// A value without the white space around it, which is not part of it (RFC 9112, section 5.1).
    private static func trimmed(_ value: String) -> String {
        func isSpace(_ byte: UInt8?) -> Bool { byte == 0x20 || byte == 0x09 }
        guard isSpace(value.utf8.first) || isSpace(value.utf8.last) else { return value }
        var rest = value.utf8[...]
        while isSpace(rest.first) { rest.removeFirst() }
        while isSpace(rest.last) { rest.removeLast() }
        return String(decoding: rest, as: UTF8.self)
    }
}
