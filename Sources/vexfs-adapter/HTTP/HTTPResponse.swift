import VexValues

/// An answer: its status, its headers, and a body that is there or is made while it is sent.
struct HTTPResponse: Sendable {
    /// Makes the next bytes of a body; called by one thread at a time, until it appends nothing.
    typealias Producer = @Sendable (inout [UInt8]) -> Void

    enum Body: Sendable {
        case bytes([UInt8])
        case stream(Producer)
    }

    var status: Int
    var headers: [(name: String, value: String)]
    var body: Body

    init(status: Int, headers: [(name: String, value: String)] = [], body: Body = .bytes([])) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// An answer of JSON that is written out already.
    static func json(_ bytes: [UInt8], status: Int = 200) -> HTTPResponse {
        HTTPResponse(status: status, headers: [("Content-Type", "application/json")], body: .bytes(bytes))
    }

    /// An answer of JSON.
    static func json(_ value: JSON, status: Int = 200) -> HTTPResponse { json(value.compact, status: status) }

    /// An answer of plain text.
    static func text(_ text: String, status: Int = 200) -> HTTPResponse {
        HTTPResponse(
            status: status, headers: [("Content-Type", "text/plain; charset=utf-8")], body: .bytes(Array(text.utf8)))
    }
}
