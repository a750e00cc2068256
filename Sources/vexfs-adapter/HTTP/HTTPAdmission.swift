/// What keeps requests of web pages out, told by their heads: a browser sends them for whoever wrote the page, from
/// inside the machine or the network.
struct HTTPAdmission: Sendable {
    /// Whether tokens say who may come in; else it is those who are on this machine.
    var asksForTokens: Bool

    /// The refusal; nil for what may come in.
    func refusal(of request: HTTPRequest) -> HTTPResponse? {
        if !asksForTokens {
            if let origin = request.headers["origin"], !Self.isLocal(origin: origin) {
                return .text(
                    "a page of \(origin) has no access: without users and tokens only this machine is served\n",
                    status: 403)
            }
            // A name of somebody else's that leads to this machine.
            if let host = request.headers["host"], !Self.isLocal(authority: host[...]) {
                return .text(
                    "this server is not \(host): without users and tokens its names are localhost and loopback "
                        + "addresses\n", status: 403)
            }
        }
        // What a page may send without asking before (https://fetch.spec.whatwg.org/#cors-safelisted-request-header)
        // is none of these.
        switch request.method {
        case .post, .put, .patch:
            guard let type = request.headers["content-type"], !type.isEmpty, !Self.isJSON(type) else { return nil }
            return .text("Expected request with `Content-Type: application/json`", status: 415)
        default: return nil
        }
    }

    private static func isJSON(_ type: String) -> Bool {
        if type == "application/json" { return true }
        let name = type.prefix { $0 != ";" && $0 != " " && $0 != "\t" }.lowercased()
        return name == "application/json" || name.hasPrefix("application/") && name.hasSuffix("+json")
    }

    private static func isLocal(origin: String) -> Bool {
        let parts = origin.split(separator: "://", maxSplits: 1)
        return parts.count == 2 && isLocal(authority: parts[1])
    }

    /// Whether `NAME` or `NAME:PORT` is this machine.
    private static func isLocal(authority: Substring) -> Bool {
        if authority.hasPrefix("[") {
            return authority == "[::1]" || authority.hasPrefix("[::1]:") && isPort(authority.dropFirst(6))
        }
        let parts = authority.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 1 || isPort(parts[1]) else { return false }
        let name = parts[0].lowercased()
        if name == "localhost" { return true }
        let numbers = name.split(separator: ".", omittingEmptySubsequences: false)
        return numbers.count == 4 && numbers[0] == "127" && numbers.allSatisfy { UInt8($0) != nil }
    }

    private static func isPort(_ text: Substring) -> Bool { text.utf8.allSatisfy { $0 >= 0x30 && $0 <= 0x39 } }
}
