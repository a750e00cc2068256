import VexValues

/// One request as a handler sees it: whole, and within the limits.
struct HTTPRequest: Sendable {
    /// The methods that are served.
    enum Method: String, Sendable {
        case get = "GET"
        case head = "HEAD"
        case post = "POST"
        case put = "PUT"
        case patch = "PATCH"
        case delete = "DELETE"
    }

    /// Nil for one that nothing here answers.
    var method: Method?
    /// The parts of the path between its slashes, with `%XX` decoded.
    var segments: [String]
    /// The parameters behind the "?", decoded, in order.
    var parameters: [(name: String, value: String)]
    /// The few headers that something here reads, by lower-case name.
    var headers: [String: String]
    /// The body.
    var body: [UInt8]

    /// Takes a request target (RFC 9112, section 3.2) apart.
    init(method: String, target: String, headers: [String: String] = [:], body: [UInt8] = []) {
        self.method = Method(rawValue: method)
        self.headers = headers
        self.body = body
        segments = []
        parameters = []
        var target = target.hasPrefix("/") ? target : String(Self.origin(of: target))
        target.withUTF8 { bytes in
            let end = bytes.firstIndex(of: UInt8(ascii: "?")) ?? bytes.endIndex
            segments.reserveCapacity(12)
            Self.forEachPart(of: bytes[min(1, end)..<end], between: UInt8(ascii: "/")) {
                segments.append(Self.decoded($0, isForm: false))
            }
            guard end < bytes.endIndex else { return }
            Self.forEachPart(of: bytes[(end + 1)...], between: UInt8(ascii: "&")) { item in
                guard !item.isEmpty else { return }
                let place = item.firstIndex(of: UInt8(ascii: "=")) ?? item.endIndex
                parameters.append(
                    (Self.decoded(item[..<place], isForm: true), Self.decoded(item[place...].dropFirst(), isForm: true))
                )
            }
        }
    }

    private static func forEachPart(
        of bytes: Slice<UnsafeBufferPointer<UInt8>>, between separator: UInt8,
        _ body: (Slice<UnsafeBufferPointer<UInt8>>) -> Void
    ) {
        var start = bytes.startIndex
        for place in bytes.indices where bytes[place] == separator {
            body(bytes[start..<place])
            start = place + 1
        }
        body(bytes[start...])
    }

    /// The path and query of a target that also names the server, as requests to proxies do.
    private static func origin(of target: String) -> Substring {
        guard !target.hasPrefix("/") else { return target[...] }
        for scheme in ["http://", "https://"] where target.prefix(scheme.count).lowercased() == scheme {
            let rest = target.dropFirst(scheme.count)
            let path = rest[(rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex)...]
            return path.hasPrefix("/") ? path : "/" + path
        }
        return target[...]
    }

    /// The value of a parameter, the first where it repeats.
    func parameter(_ name: String) -> String? { parameters.first { $0.name == name }?.value }

    private static func decoded(_ text: Slice<UnsafeBufferPointer<UInt8>>, isForm: Bool) -> String {
        func isCode(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "%") || isForm && byte == UInt8(ascii: "+") }
        guard text.contains(where: isCode) else { return String(decoding: text, as: UTF8.self) }
        var bytes: [UInt8] = []
        var rest = text
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), let high = rest.first.flatMap(digit),
                let low = rest.dropFirst().first.flatMap(digit)
            {
                bytes.append(high << 4 | low)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(isForm && byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        default: nil
        }
    }
}
