import VexFS
import VexWire

/// Operations on the service and on collections as a whole.
extension Service {
    func hello(_ request: ServiceRequest, _ answer: inout AnswerWriter) throws(VexFSError) {
        let members = try Members(request.body, keys: Members.common.union(["version"]))
        if let version = try members.integer("version", 0...Int(Int32.max)), version != WireLimits.version {
            throw VexFSError(
                .unsupported, "this mount speaks version \(WireLimits.version) of the wire, not \(version)")
        }
        answer.add("name", .string("vexfs"))
        answer.add("version", .string(VexFSVersion.current))
        answer.add("protocol", WireLimits.version)
        answer.add("operations", .array(WireOperation.allCases.map { .string($0.name) }))
        answer.add(
            "limits",
            .object([
                .init("json_bytes", .integer(Int64(WireLimits.jsonBytesMax))),
                .init("frame_bytes", .integer(Int64(WireLimits.frameBytesMax))),
                .init("inline_bytes", .integer(Int64(WireLimits.inlineBytesMax))),
                .init("points", .integer(Int64(WireLimits.pointsMax))),
                .init("queries", .integer(Int64(WireLimits.queriesMax))),
                .init("operations", .integer(Int64(WireLimits.operationsMax))),
            ]))
        answer.add("collection", request.collection.map { .string($0.name.string) } ?? .null)
        answer.add("mount", .string(mountRoot))
    }

    func embed(_ request: ServiceRequest, _ answer: inout AnswerWriter) throws(VexFSError) {
        let members = try Members(request.body, keys: Members.common.union(["texts", "role"]))
        let collection = try collection(members, request)
        guard let texts = try members.strings("texts") else { throw members.refused("texts", "is missing") }
        let role: EmbeddingRole
        switch try members.string("role") ?? "query" {
        case "query": role = .query
        case "document": role = .document
        default: throw members.refused("role", "must be query or document")
        }
        var embeddings: [Embedding] = []
        var start = 0
        while start < texts.count {
            // A few at a time, so that a caller who gives up is noticed.
            guard !request.isCancelled() else { throw Self.cancelled }
            let part = Array(texts[start..<min(texts.count, start + 32)])
            embeddings += try collection.embeddings(of: part, role: role)
            start += part.count
        }
        answer.add("model", .string(collection.configuration.model))
        answer.add("dimension", embeddings.first.map { .integer(Int64($0.vector.count)) } ?? .null)
        answer.add("truncated", .array(embeddings.map { .bool($0.truncated) }))
        try answer.add("vectors", vectors: embeddings.map(\.vector))
    }

    func changeIndex(_ request: ServiceRequest, _ answer: inout AnswerWriter) throws(VexFSError) {
        let isNew = request.operation == .indexCreate
        let members = try Members(request.body, keys: Members.common.union(isNew ? ["field", "type"] : ["field"]))
        let collection = try collection(members, request)
        var settings: [JSON.Member] = [.init("index", .bool(isNew))]
        if let type = try members.string("type") { settings.append(.init("type", .string(type))) }
        let field = try members.requiredString("field")
        try collection.setSchema(JSON.object([.init(field, .object(settings))]).compact)
        answer.add("schema", collection.schema)
    }

    func statistics(_ request: ServiceRequest, _ answer: inout AnswerWriter) throws(VexFSError) {
        let members = try Members(request.body, keys: Members.common)
        let hasName = members["collection"] != nil || members["uid"] != nil
        guard hasName || request.collection != nil else {
            let collections = store.collections
            answer.add("collections", collections.count)
            answer.add("documents", collections.reduce(0) { $0 + $1.documentCount })
            answer.add("pending", collections.reduce(0) { $0 + $1.pendingCount })
            return
        }
        let text = String(decoding: try collection(members, request).statisticsText(), as: UTF8.self)
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count == 2, let number = Double(words[1]) else { continue }
            answer.add(String(words[0]), Int64(words[1]).map(JSON.integer) ?? .number(number))
        }
    }

    /// How often an interruption is looked for, in milliseconds.
    private static let waitStepMilliseconds = 50

    func wait(_ request: ServiceRequest, _ answer: inout AnswerWriter) throws(VexFSError) {
        let members = try Members(request.body, keys: Members.common.union(["index", "timeout_ms"]))
        let collection = try collection(members, request)
        let includesIndex = try members.bool("index", default: false)
        var left = try members.integer("timeout_ms", 0...86_400_000) ?? 60_000
        while true {
            let step = min(left, Self.waitStepMilliseconds)
            do throws(VexFSError) {
                try collection.waitUntilReady(includingIndex: includesIndex, timeoutMilliseconds: step)
                answer.add("ready", .bool(true))
                return
            } catch {
                guard error.code == .timedOut, left > step else { throw error }
                left -= step
            }
            guard !request.isCancelled() else { throw Self.cancelled }
        }
    }

    // MARK: Several operations

    func batch(_ request: ServiceRequest, _ answer: inout AnswerWriter) throws(VexFSError) {
        let members = try Members(request.body, keys: Members.common.union(["operations", "atomic", "durable"]))
        guard let operations = try members.array("operations") else {
            throw members.refused("operations", "is missing")
        }
        guard operations.count <= WireLimits.operationsMax else {
            throw VexFSError(.invalidArgument, "a batch has at the most \(WireLimits.operationsMax) operations")
        }
        var requests: [ServiceRequest] = []
        for (index, operation) in operations.enumerated() {
            requests.append(try inner(operation, at: "operations[\(index)]", of: request))
        }
        guard try members.bool("atomic", default: false) else {
            try perform(requests, &answer)
            return
        }
        let isDurable = try members.bool("durable", default: false)
        try performAtomically(requests, isDurable: isDurable, &answer)
    }

    /// One of a batch's operations, for the batch's collection where it names none.
    private func inner(_ json: JSON, at place: String, of batch: ServiceRequest) throws(VexFSError) -> ServiceRequest {
        guard let name = json["op"]?.stringValue, let operation = WireOperation(name: name) else {
            throw VexFSError(.unsupported, "\(place) is no operation: \"op\" names none")
        }
        guard operation != .batch, operation != .wait else {
            throw VexFSError(.invalidArgument, "\(place) is \(name), which cannot be a part of a batch")
        }
        var request = batch
        request.operation = operation
        request.body = json
        if json["collection"] == nil, json["uid"] == nil {
            for key in ["collection", "uid", "tenant", "database"] where batch.body[key] != nil {
                request.body.set(key, to: batch.body[key])
            }
        }
        return request
    }

    private func perform(_ requests: [ServiceRequest], _ answer: inout AnswerWriter) throws(VexFSError) {
        // Those behind the first error have no place in the list.
        try answer.addObjectsWhileTrue("results", requests) { (request, answer) throws(VexFSError) -> Bool in
            let mark = answer.mark
            do throws(VexFSError) {
                try perform(request, &answer)
                return true
            } catch {
                if error.code == .interrupted { throw error }
                answer.rewind(to: mark)
                answer.add("error", error.wireJSON)
                return false
            }
        }
    }

    private func performAtomically(
        _ requests: [ServiceRequest], isDurable: Bool, _ answer: inout AnswerWriter
    ) throws(VexFSError) {
        var writes: [PointWrite] = []
        for request in requests {
            guard request.operation.writesPoints else {
                throw VexFSError(
                    .invalidArgument,
                    "\(request.operation.name) changes no points, and an atomic batch does nothing else")
            }
            writes.append(try pointWrite(request))
        }
        guard let first = writes.first else {
            answer.add("results", .array([]))
            return
        }
        guard writes.allSatisfy({ $0.collection === first.collection }) else {
            throw VexFSError(.invalidArgument, "an atomic batch changes one collection only")
        }
        var outcomes = try first.collection.apply(
            writes.flatMap(\.operations), sync: isDurable || writes.contains(where: \.isDurable),
            removed: { observer.documentsRemoved($0, from: first.collection) },
            isCancelled: requests[0].isCancelled)[...]
        let ids = writes.map(\.ids)
        observer.documentsChanged(in: first.collection, ids.contains(nil) ? nil : ids.flatMap { $0 ?? [] })
        var results: [JSON] = []
        for write in writes {
            results.append(.object(write.report(Array(outcomes.prefix(write.operations.count)))))
            outcomes = outcomes.dropFirst(write.operations.count)
        }
        answer.add("results", .array(results))
    }
}

extension WireOperation {
    /// Whether the operation changes which collections there are, or their names.
    var changesMount: Bool {
        switch self {
        case .collectionCreate, .collectionDelete, .collectionRename, .collectionFork, .aliasUpdate, .tenantCreate,
            .tenantUpdate, .tenantDelete, .databaseCreate, .databaseDelete:
            true
        default: false
        }
    }

    /// Whether the operation changes the collection that it names.
    var changes: Bool {
        switch self {
        case .collectionUpdate, .collectionDelete, .snapshotCreate, .snapshotDelete, .indexCreate, .indexDrop: true
        default: writesPoints
        }
    }

    /// Whether the operation changes points.
    var writesPoints: Bool {
        switch self {
        case .upsert, .add, .update, .delete, .payloadSet, .payloadOverwrite, .payloadDelete, .payloadClear,
            .vectorsUpdate, .vectorsDelete:
            true
        default: false
        }
    }
}
