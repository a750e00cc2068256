import CMicrohttpd

/// What the head of a request says about its body, judged more strictly than the library does (RFC 9112, section 6.3:
/// a message that could be read in two ways is an attack on whatever stands in front).
struct HTTPHead {
    /// The headers that something here reads.
    private static let kept: Set<String> = [
        "content-type", "user-agent", "authorization", "x-chroma-token", "api-key", "accept-encoding",
    ]

    private(set) var headers: [String: String] = [:]
    private(set) var contentLength: Int?
    private(set) var isChunked = false
    /// What is wrong, for the client.
    private(set) var problem: String?

    /// Reads all headers of a connection's request.
    init(_ connection: OpaquePointer) {
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
        if isChunked, contentLength != nil { problem = "a request has Content-Length or Transfer-Encoding, not both" }
    }

    private mutating func take(_ name: String, _ value: String) {
        guard name.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else {
            problem = "a header's name holds white space or control characters"
            return
        }
        let key = name.lowercased()
        switch key {
        case "content-length":
            guard contentLength == nil else {
                problem = "a request has one Content-Length"
                return
            }
            guard let length = Int(value), length >= 0, value.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else {
                problem = "Content-Length is a number of bytes"
                return
            }
            contentLength = length
        case "transfer-encoding":
            guard !isChunked, value.lowercased() == "chunked" else {
                problem = "the only Transfer-Encoding that is known is chunked"
                return
            }
            isChunked = true
        default:
            if Self.kept.contains(key), headers[key] == nil { headers[key] = value }
        }
    }
}
