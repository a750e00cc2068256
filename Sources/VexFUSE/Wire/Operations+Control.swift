import CFuseShim
import Glibc
import VexFS
import VexService
import VexWire

/// The ioctls.
extension Operations {
    /// What an ioctl is made on.
    private struct Target {
        /// Nil for the mount as a whole, which knows frames only.
        var collection: Collection?
        var path: String
    }

    private func controlTarget(_ raw: fuse_ino_t) throws(VexFSError) -> Target? {
        switch try node(raw) {
        case .root: return Target(collection: nil, path: "")
        case .file(let file):
            return file.isCollection ? Target(collection: file.collection, path: file.path) : nil
        case .virtual(let node):
            guard let file = node as? IndexFile else { return nil }
            return Target(collection: file.collection, path: file.key)
        }
    }

    func ioctl(
        _ request: Request, _ raw: fuse_ino_t, number: UInt32, input: UnsafeRawBufferPointer, outputCount: Int
    ) throws(VexFSError) {
        guard let command = ControlCommand(number), let target = try controlTarget(raw),
            command == .frame || target.collection != nil
        else { return request.reply(errno: ENOTTY) }
        let fields = ControlFields(bytes: [UInt8](input))
        let caller = request.caller
        let body: @Sendable () throws(VexFSError) -> Void = { () throws(VexFSError) in
            do throws(ControlFailure) {
                let output = try self.perform(command, fields, target, caller, outputCount, request)
                self.kernel.whenAllForgotten { request.reply(control: output) }
            } catch {
                if let sentence = error.error { self.report(sentence, at: target.path, caller: caller) }
                request.reply(errno: error.errno)
            }
        }
        // The caller's memory may be mapped from this very mount: the thread that reads requests must not wait for it.
        if command == .frame, Service.waits(fields.bytes) {
            try pool.submitWaiting { self.answer(request, at: { target.path }, body) }
        } else if command.hasPointers {
            work(request, at: { target.path }, body)
        } else {
            workQuickly(request, at: { target.path }, body)
        }
    }

    private func perform(
        _ command: ControlCommand, _ fields: ControlFields, _ target: Target, _ caller: Caller, _ outputCount: Int,
        _ request: Request
    ) throws(ControlFailure) -> [UInt8] {
        guard let collection = target.collection, command != .frame else {
            return try frame(fields.bytes, target.collection, caller, outputCount, request)
        }
        let changes = command == .setMeta || command == .insert || command == .inlineInsert
        guard !changes || mayWrite(collection, caller) else {
            throw ControlFailure(
                options.readOnly
                    ? VexFSError(.readOnly, "the mount is read-only")
                    : VexFSError(.accessDenied, "only who may write into the directory may insert"))
        }
        let vectors = ControlVectors(collection: collection, operations: self)
        switch command {
        case .setMeta:
            try vectors.setMeta(fields)
            return []
        case .getMeta: return vectors.meta
        case .info: return Array(vectors.info.prefix(outputCount))
        case .search: return try vectors.search(fields, CallerMemory(of: caller), request)
        case .inlineSearch: return try vectors.searchInline(fields)
        case .insert:
            try vectors.insert(fields, CallerMemory(of: caller))
            return []
        case .inlineInsert: return try vectors.insertInline(fields)
        case .frame: return []
        }
    }

    private func frame(
        _ bytes: [UInt8], _ collection: Collection?, _ caller: Caller, _ outputCount: Int, _ request: Request
    ) throws(ControlFailure) -> [UInt8] {
        let pool = pool
        let caller = serviceCaller(collection, caller) { request.isInterrupted || pool.isClosed }
        var answer: WireFrame
        var (operation, tag): (UInt16, UInt64) = (0, 0)
        do throws(VexFSError) {
            let frame = try bytes.withUnsafeBufferPointer { (buffer) throws(VexFSError) in
                let all = UnsafeRawBufferPointer(buffer)
                let header = try WireHeader(decoding: all)
                (operation, tag) = (header.operation, header.tag)
                // What lies behind the frame is room for the answer.
                return try WireFrame(decoding: UnsafeRawBufferPointer(rebasing: all.prefix(header.frameByteCount)))
            }
            answer = try service.answer(toFrame: frame, for: caller)
            if answer.header.frameByteCount > outputCount {
                let needed = answer.header.frameByteCount
                answer = .failure(
                    VexFSError(
                        .rangeTooSmall,
                        "the answer has \(needed) bytes, and there is room for \(outputCount): ask in a session"
                    ), of: operation, tag: tag)
            }
        } catch {
            if error.code == .interrupted { throw ControlFailure(error) }
            answer = .failure(error, of: operation, tag: tag)
        }
        guard answer.header.frameByteCount <= outputCount else { throw ControlFailure(EINVAL) }
        return answer.bytes
    }
}
