import Glibc
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
        /// What it may do.
        public var access: ServiceAccess
        /// Whether nobody waits for the answers any more.
        public var isCancelled: @Sendable () -> Bool

        /// Describes a caller.
        public init(
            collection: Collection?, owner: UInt32, group: UInt32, access: ServiceAccess = ServiceAccess(),
            isCancelled: @escaping @Sendable () -> Bool
        ) {
            self.collection = collection
            self.owner = owner
            self.group = group
            self.access = access
            self.isCancelled = isCancelled
        }
    }

    /// The answers to everything that was written, one after the other.
    /// - Throws: `interrupted`; whatever else goes wrong is an answer.
    public func answers(to input: [UInt8], for caller: Caller) throws(VexFSError) -> [UInt8] {
        let areFrames = input.count >= 4 && input.withUnsafeBytes { WireHeader.begins($0) }
        return areFrames ? try answers(toFrames: input, for: caller) : try answers(toLines: input, for: caller)
    }

    /// Whether the work may take long because one of the requests waits for something else: it should not keep a
    /// worker from others.
    public static func waits(_ input: [UInt8]) -> Bool {
        input.withUnsafeBytes { bytes in
            guard bytes.count >= 4, WireHeader.begins(bytes) else { return linesWait(bytes) }
            var rest = bytes
            // Behind the frame of an ioctl there is room for the answer, which is not worth an error.
            while rest.count >= WireHeader.byteCount, WireHeader.begins(rest),
                let header = try? WireHeader(decoding: rest)
            {
                if header.operation == WireOperation.wait.rawValue { return true }
                rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(header.frameByteCount))
            }
            return false
        }
    }

    /// Whether a line may name the operation: one that does not and looks so merely gets a thread of its own, as do
    /// words that are written with escapes.
    private static func linesWait(_ bytes: UnsafeRawBufferPointer) -> Bool {
        func has(_ word: [UInt8]) -> Bool {
            guard let base = bytes.baseAddress else { return false }
            var place = 0
            while bytes.count - place >= word.count,
                let found = memchr(base + place, Int32(word[0]), bytes.count - place - word.count + 1)
            {
                if memcmp(found, word, word.count) == 0 { return true }
                place = UnsafeRawPointer(found) - base + 1
            }
            return false
        }
        return has(Array("wait\"".utf8)) || has(Array("\\u".utf8))
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
                var answer = try answer(toFrame: frame, for: caller)
                if output.count + answer.header.frameByteCount > WireLimits.answersBytesMax {
                    answer = .failure(Self.tooMuch, of: header.operation, tag: header.tag)
                }
                output += answer.bytes
            } catch {
                if error.code == .interrupted { throw error }
                // Where the next frame begins cannot be told.
                output += WireFrame.failure(error).bytes
                return output
            }
        }
        return output
    }

    /// Answers of one READ together are not much larger than one may be. What was asked is done.
    private static let tooMuch = VexFSError(
        .documentTooLarge,
        "the answers up to here have more than \(WireLimits.answersBytesMax) bytes together: read the answer to each "
            + "request before the next is written")

    private func request(_ operation: WireOperation, _ body: JSON, _ caller: Caller) -> ServiceRequest {
        var request = ServiceRequest(operation, body)
        request.collection = caller.collection
        request.owner = caller.owner
        request.group = caller.group
        request.access = caller.access
        request.isCancelled = caller.isCancelled
        return request
    }

    // MARK: Lines

    private func answers(toLines input: [UInt8], for caller: Caller) throws(VexFSError) -> [UInt8] {
        var output: [UInt8] = []
        for line in input.split(separator: 0x0A) where !line.allSatisfy({ $0 <= 0x20 }) {
            let answer = try answer(toLine: Array(line), for: caller)
            if output.count + answer.count < WireLimits.answersBytesMax {
                output += answer
            } else {
                output += JSON.object([.init("error", Self.tooMuch.wireJSON)]).compact
            }
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
