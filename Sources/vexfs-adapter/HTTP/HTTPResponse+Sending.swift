import CMicrohttpd

/// Hands a stream's bytes to the library in the portions that it asks for.
private final class StreamReader {
    let producer: HTTPResponse.Producer
    var bytes: [UInt8] = []
    var sent = 0

    init(_ producer: @escaping HTTPResponse.Producer) { self.producer = producer }

    func read(into buffer: UnsafeMutablePointer<CChar>, room: Int) -> Int {
        if sent == bytes.count {
            bytes.removeAll(keepingCapacity: true)
            sent = 0
            producer(&bytes)
            if bytes.isEmpty { return -1 }
        }
        let count = min(room, bytes.count - sent)
        // Contract: the library gives `room` bytes at `buffer`.
        bytes.withUnsafeBytes { source in
            UnsafeMutableRawBufferPointer(start: buffer, count: count).copyMemory(
                from: UnsafeRawBufferPointer(rebasing: source[sent..<sent + count]))
        }
        sent += count
        return count
    }
}

extension HTTPResponse {
    private static var blockBytes: Int { 256 << 10 }

    /// The library's form of the body; nil without memory.
    func made() -> OpaquePointer? {
        switch body {
        case .bytes(let bytes):
            return bytes.withUnsafeBytes { buffer in
                // Contract: the library copies, and only reads, what the pointer leads to.
                MHD_create_response_from_buffer(
                    buffer.count, UnsafeMutableRawPointer(mutating: buffer.baseAddress), .RESPMEM_MUST_COPY)
            }
        case .stream(let producer):
            let reader = Unmanaged.passRetained(StreamReader(producer))
            let made = MHD_create_response_from_callback(
                UInt64.max, Self.blockBytes,
                { context, _, buffer, room in
                    guard let context, let buffer else { return -2 }
                    return Unmanaged<StreamReader>.fromOpaque(context)._withUnsafeGuaranteedRef {
                        $0.read(into: buffer, room: room)
                    }
                }, reader.toOpaque(),
                { context in
                    if let context { Unmanaged<StreamReader>.fromOpaque(context).release() }
                })
            if made == nil { reader.release() }
            return made
        }
    }
}
