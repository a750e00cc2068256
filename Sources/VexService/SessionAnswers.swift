import VexFS
import VexWire

/// What a session answers to what was written into it: frames to frames, lines to lines.
extension Service {
    /// Who writes into a session.
    public struct Caller: Sendable {
        /// The collection whose session it is; nil for the mount's.
        public var collection: Collection?
        /// Whose the collections are that it makes.
        public var owner: UInt32
        /// Their group.
        public var group: UInt32
        /// Whether anything may be changed.
        public var mayWrite: Bool
        /// Whether nobody waits for the answers any more.
        public var isCancelled: @Sendable () -> Bool

        /// Describes a caller.
        public init(
            collection: Collection?, owner: UInt32, group: UInt32, mayWrite: Bool = true,
            isCancelled: @escaping @Sendable () -> Bool
        ) {
            self.collection = collection
            self.owner = owner
            self.group = group
            self.mayWrite = mayWrite
            self.isCancelled = isCancelled
        }
    }

    /// The answers to everything that was written, one after the other.
    /// - Throws: `interrupted`; whatever else goes wrong is an answer.
    public func answers(to input: [UInt8], for caller: Caller) throws(VexFSError) -> [UInt8] {
        try WireHeader.begins(input.prefix(4)) && input.count >= 4
            ? answers(toFrames: input, for: caller) : answers(toLines: input, for: caller)
    }

    /// Whether the work may take long because it waits for something else: it should not keep a worker from others.
    public static func waits(_ input: [UInt8]) -> Bool {
        guard !WireHeader.begins(input.prefix(4)) else {
            return input.count >= 6 && UInt16(input[4]) | UInt16(input[5]) << 8 == WireOperation.wait.rawValue
        }
        // A line that is not a wait may look like one, and then merely gets a thread of its own.
        return input.prefix(4096).split(separator: UInt8(ascii: "\"")).contains { $0.elementsEqual("wait".utf8) }
    }

    // MARK: Frames

    /// The answer to one frame.
    public func answer(toFrame frame: WireFrame, for caller: Caller) throws(VexFSError) -> WireFrame {
        let header = frame.header
        do throws(VexFSError) {
            guard header.flags & WireHeader.answerFlag == 0 else {
                throw VexFSError(.invalidArgument, "the frame says that it is an answer")
            }
            guard let operation = WireOperation(rawValue: header.operation) else {
                throw VexFSError(
                    .unsupported, "there is no operation \(header.operation) in version \(WireLimits.version)")
            }
            let body = try frame.json.isEmpty ? JSON.object([]) : JSON.parse(frame.json)
            var request = self.request(operation, body, caller)
            request.parts = try WireParts(of: body, binary: frame.binary)
            request.takesParts = true
            let answered = try answer(request)
            try AnswerWriter.check(answered)
            return WireFrame(
                WireHeader(operation: header.operation, flags: WireHeader.answerFlag, tag: header.tag),
                json: answered.json, binary: answered.binary)
        } catch {
            if error.code == .interrupted { throw error }
            return .failure(error, of: header.operation, tag: header.tag)
        }
    }

    private func answers(toFrames input: [UInt8], for caller: Caller) throws(VexFSError) -> [UInt8] {
        var output: [UInt8] = []
        var rest = input[...]
        while !rest.isEmpty {
            do throws(VexFSError) {
                let header = try rest.withUnsafeBufferPointer { (buffer) throws(VexFSError) in
                    try WireHeader(decoding: UnsafeRawBufferPointer(buffer))
                }
                guard rest.count >= header.frameByteCount else {
                    let error = VexFSError(
                        .invalidArgument,
                        "the header announces \(header.frameByteCount) bytes, and \(rest.count) were written")
                    output += WireFrame.failure(error, of: header.operation, tag: header.tag).bytes
                    return output
                }
                let frame = try WireFrame(decoding: Array(rest.prefix(header.frameByteCount)))
                rest = rest.dropFirst(header.frameByteCount)
                output += try answer(toFrame: frame, for: caller).bytes
            } catch {
                if error.code == .interrupted { throw error }
                // Where the next frame begins cannot be told.
                output += WireFrame.failure(error).bytes
                return output
            }
        }
        return output
    }

    private func request(_ operation: WireOperation, _ body: JSON, _ caller: Caller) -> ServiceRequest {
        var request = ServiceRequest(operation, body)
        request.collection = caller.collection
        request.owner = caller.owner
        request.group = caller.group
        request.mayWrite = caller.mayWrite
        request.isCancelled = caller.isCancelled
        return request
    }

    // MARK: Lines

    private func answers(toLines input: [UInt8], for caller: Caller) throws(VexFSError) -> [UInt8] {
        var output: [UInt8] = []
        for line in input.split(separator: 0x0A) where !line.allSatisfy({ $0 <= 0x20 }) {
            output += try answer(toLine: Array(line), for: caller)
            output.append(0x0A)
        }
        return output
    }

    private func answer(toLine line: [UInt8], for caller: Caller) throws(VexFSError) -> [UInt8] {
        var tag: JSON?
        func tagged(_ members: [JSON.Member]) -> [UInt8] {
            JSON.object((tag.map { [.init("tag", $0)] } ?? []) + members).compact
        }
        do throws(VexFSError) {
            guard line.count <= WireLimits.jsonBytesMax else {
                throw VexFSError(
                    .documentTooLarge, "a line has at the most \(WireLimits.jsonBytesMax) bytes; use binary frames")
            }
            let body = try JSON.parse(line)
            guard case .object = body else {
                throw VexFSError(.invalidArgument, "a request is a JSON object, and this is \(body.kindName)")
            }
            tag = body["tag"]
            guard let name = body["op"]?.stringValue else {
                throw VexFSError(.invalidArgument, "a request names its operation: {\"op\": \"query\", …}")
            }
            guard let operation = WireOperation(name: name) else {
                throw VexFSError(.unsupported, "there is no operation \"\(name)\"; \"hello\" lists them")
            }
            let json = try answer(request(operation, body, caller)).json
            guard let tag else { return json }
            // {"tag": …} and the members of the answer.
            let start = JSON.object([.init("tag", tag)]).compact.dropLast()
            return json.count == 2
                ? start + json.suffix(1) : start + [UInt8(ascii: ",")] + json.dropFirst()
        } catch {
            if error.code == .interrupted { throw error }
            return tagged([.init("error", error.wireJSON)])
        }
    }
}
