/// One request while it is on the way; of its connection's thread alone.
final class HTTPExchange {
    enum Phase {
        case head
        case body
        /// The body is not wanted: an answer that waits for its end.
        case refused(HTTPResponse)
        case sent
    }

    let target: String
    var phase = Phase.head
    var request: HTTPRequest?
    var body: [UInt8] = []
    var socket: Int32 = -1
    /// Whether it counts as under way.
    var isCounted = false

    init(target: String) { self.target = target }
}
