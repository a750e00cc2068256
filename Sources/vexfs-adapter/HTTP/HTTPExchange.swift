/// One request while it is on the way; of its connection's thread alone.
final class HTTPExchange {
    enum Phase {
        case head
        case body
        /// The body is not wanted: an answer that waits for its end.
        case refused(HTTPResponse)
        case sent
    }

    /// A body of that size will most likely come as a whole: room for all of it saves copying.
    private static let trustedBytes = 1 << 20

    let target: String
    var phase = Phase.head
    var request: (HTTPRequest, HTTPRouter.Finding)?
    var body: [UInt8] = []
    /// What the head says of the body's size.
    var claimedBytes = 0
    /// Bytes of it that count as held.
    var heldBytes = 0
    /// Whether it counts as under way.
    var isCounted = false

    init(target: String) { self.target = target }

    /// Takes more of the body; `data` has `size` bytes.
    func append(_ data: UnsafeRawPointer?, _ size: Int) {
        let before = body.count
        if before < Self.trustedBytes, before + size >= Self.trustedBytes { body.reserveCapacity(claimedBytes) }
        body.append(contentsOf: UnsafeRawBufferPointer(start: data, count: size))
    }
}
