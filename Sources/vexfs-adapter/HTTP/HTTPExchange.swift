import CMicrohttpd

/// One request and its answer while they are on the way.
///
/// Contract of `@unchecked Sendable`: the connection's thread owns it until it suspends the connection, the worker
/// until it resumes it, and then the connection's thread again; suspending and resuming order these accesses.
final class HTTPExchange: @unchecked Sendable {
    enum Phase {
        case head
        case body
        /// The body is not wanted: an answer that waits for its end.
        case refused(HTTPResponse)
        case working
        case answered(HTTPResponse)
        case sent
    }

    let target: String
    var phase = Phase.head
    var request: HTTPRequest?
    var body: [UInt8] = []
    /// Nil outside of the callbacks of the library.
    var connection: OpaquePointer?
    var socket: Int32 = -1
    /// Whether it counts as under way.
    var isCounted = false

    init(target: String) { self.target = target }
}
