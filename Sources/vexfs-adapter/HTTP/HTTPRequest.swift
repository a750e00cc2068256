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
    /// The path as the client wrote it, without the query.
    var path: String
    /// The parts of the path between its slashes, with `%XX` decoded.
    var segments: [String]
    /// The parameters behind the "?", decoded, in order.
    var parameters: [(name: String, value: String)]
    /// The few headers that something here reads, by lower-case name.
    var headers: [String: String]
    /// The client's address without its port.
    var client: String
    /// The body.
    var body: [UInt8]

    /// Takes a request target (RFC 9112, section 3.2) apart.
    init(method: String, target: String, headers: [String: String] = [:], client: String = "", body: [UInt8] = []) {
        self.method = Method(rawValue: method)
        self.headers = headers
        self.client = client
        self.body = body
        let parts = Self.origin(of: target).utf8.split(
            separator: UInt8(ascii: "?"), maxSplits: 1, omittingEmptySubsequences: false)
        path = String(decoding: parts[0], as: UTF8.self)
        segments = parts[0].dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
            .map { Self.decoded($0, isForm: false) }
        parameters = []
        guard parts.count == 2 else { return }
        for item in parts[1].split(separator: UInt8(ascii: "&")) {
            let pair = item.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            parameters.append(
                (Self.decoded(pair[0], isForm: true), pair.count == 2 ? Self.decoded(pair[1], isForm: true) : ""))
        }
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

    private static func decoded(_ text: Substring.UTF8View, isForm: Bool) -> String {
        var bytes: [UInt8] = []
        var rest = text[...]
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
