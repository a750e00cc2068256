import VexValues

/// A request or an answer: what is asked or said in JSON, and the binary parts that the JSON speaks of.
public struct WireFrame: Sendable, Equatable {
    /// The header; its two lengths are those of `json` and `binary`.
    public var header: WireHeader
    /// The control part: the text of a JSON object, or nothing for an empty one.
    public var json: [UInt8]
    /// The binary parts, each where its descriptor says.
    public var binary: [UInt8]

    /// Puts a frame together; the lengths of the header are set.
    public init(_ header: WireHeader, json: [UInt8], binary: [UInt8] = []) {
        self.header = header
        self.header.jsonByteCount = UInt32(json.count)
        self.header.binaryByteCount = UInt64(binary.count)
        self.json = json
        self.binary = binary
    }

    /// A request.
    public init(_ operation: WireOperation, json: [UInt8] = [], binary: [UInt8] = [], tag: UInt64 = 0) {
        self.init(WireHeader(operation: operation.rawValue, tag: tag), json: json, binary: binary)
    }

    /// The answer that says why a request failed.
    public static func failure(
        _ error: VexFSError, of operation: UInt16 = 0, tag: UInt64 = 0
    ) -> WireFrame {
        let header = WireHeader(
            operation: operation, flags: WireHeader.answerFlag, status: UInt32(error.httpStatus), tag: tag)
        return WireFrame(header, json: JSON.object([.init("error", error.wireJSON)]).compact)
    }

    /// Reads the frame that the bytes are.
    /// - Throws: what ``WireHeader/init(decoding:)`` does; `invalidArgument` where there are more or fewer bytes than
    ///   the header announces.
    public init(decoding bytes: UnsafeRawBufferPointer) throws(VexFSError) {
        let header = try WireHeader(decoding: bytes)
        guard bytes.count == header.frameByteCount else {
            throw VexFSError(
                .invalidArgument, "the header announces \(header.frameByteCount) bytes, and there are \(bytes.count)")
        }
        let binaryStart = WireHeader.byteCount + Int(header.jsonByteCount)
        self.header = header
        json = [UInt8](bytes[WireHeader.byteCount..<binaryStart])
        binary = [UInt8](bytes[binaryStart...])
    }

    /// Reads the frame that the bytes are.
    public init(decoding bytes: [UInt8]) throws(VexFSError) {
        self = try bytes.withUnsafeBufferPointer { (buffer) throws(VexFSError) in
            try WireFrame(decoding: UnsafeRawBufferPointer(buffer))
        }
    }

    /// The frame's bytes.
    public var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(header.frameByteCount)
        header.encode(to: &bytes)
        bytes.append(contentsOf: json)
        bytes.append(contentsOf: binary)
        return bytes
    }

    /// The control part as a value: an object.
    /// - Throws: `invalidArgument` where it is no JSON object; the error that an answer brings.
    public func body() throws(VexFSError) -> JSON {
        let body = json.isEmpty ? JSON.object([]) : try JSON.parse(json)
        guard case .object = body else {
            throw VexFSError(.invalidArgument, "the control part of a frame is a JSON object, not \(body.kindName)")
        }
        if header.status != 0 { throw VexFSError(wire: body["error"]) }
        return body
    }
}

extension VexFSError {
    /// The error in an answer: `{"code": …, "message": …}`, and `"at"` where the message does not say it.
    public var wireJSON: JSON {
        var members: [JSON.Member] = [.init("code", .string(code.rawValue)), .init("message", .string(message))]
        if !location.isEmpty { members.append(.init("at", .string(location))) }
        if let cause { members.append(.init("cause", .string(cause))) }
        return .object(members)
    }

    /// The error that an answer brings; a code of a newer version is `inputOutput`.
    public init(wire json: JSON?) {
        self.init(
            json?["code"]?.stringValue.flatMap(Code.init(rawValue:)) ?? .inputOutput,
            json?["message"]?.stringValue ?? "the answer is an error without a sentence",
            at: json?["at"]?.stringValue ?? "", cause: json?["cause"]?.stringValue)
    }
}
