import VexFS
import VexWire

/// A write as the engine takes it.
struct PointWrite {
    var collection: Collection
    var operations: [PointOperation]
    var isDurable: Bool
    /// The members of the answer.
    var report: @Sendable ([PointOutcome]) -> [JSON.Member]

    /// The documents that are changed; nil where a filter says which.
    var ids: [ByteString]? {
        var ids: [ByteString] = []
        for operation in operations {
            switch operation {
            case .put(let points, _, _): ids += points.map(\.id)
            case .patch(let patches): ids += patches.map(\.id)
            case .payload(_, .ids(let given)), .deleteVectors(.ids(let given), _), .delete(.ids(let given)):
                ids += given
            case .payload, .deleteVectors, .delete: return nil
            }
        }
        return ids
    }
}

/// Operations that change points.
extension Service {
    func write(_ request: ServiceRequest, _ answer: inout AnswerWriter) throws(VexFSError) {
        if let report = try insertQuickly(request) {
            for member in report { answer.add(member.key, member.value) }
            return
        }
        let write = try pointWrite(request)
        let outcomes = try write.collection.apply(
            write.operations, sync: write.isDurable,
            removed: { observer.documentsRemoved($0, from: write.collection) }, isCancelled: request.isCancelled)
        observer.documentsChanged(in: write.collection, write.ids)
        for member in write.report(outcomes) { answer.add(member.key, member.value) }
    }

    /// What a request changes.
    func pointWrite(_ request: ServiceRequest) throws(VexFSError) -> PointWrite {
        switch request.operation {
        case .upsert: return try upsert(request)
        case .add:
            let members = try Members(request.body, keys: Self.pointKeys)
            let points = Self.contents(try PointColumns(members, request.parts))
            return try pointWrite(members, request, [.put(points, mode: .insertOnly)], Self.counts)
        case .update, .vectorsUpdate: return try update(request)
        case .delete: return try delete(request)
        case .vectorsDelete:
            let members = try Members(request.body, keys: Self.selectionKeys.union(["names"]))
            let selection = try members.pointSelection(request.parts)
            let names = try members.strings("names") ?? [""]
            return try pointWrite(members, request, [.deleteVectors(of: selection, names: names)], Self.changes)
        default: return try payloadWrite(request)
        }
    }

    private static let pointKeys = Members.common.union(PointColumns.keys).union(["durable"])
    private static let quickKeys = pointKeys.union(["mode"])
    private static let selectionKeys = Members.common.union(Members.selection).union(["durable"])

    private func pointWrite(
        _ members: Members, _ request: ServiceRequest, _ operations: [PointOperation],
        _ report: @escaping @Sendable ([PointOutcome]) -> [JSON.Member]
    ) throws(VexFSError) -> PointWrite {
        PointWrite(
            collection: try collection(members, request), operations: operations,
            isDurable: try members.bool("durable", default: false), report: report)
    }

    // MARK: Reports

    private static let counts: @Sendable ([PointOutcome]) -> [JSON.Member] = { outcomes in
        let first = outcomes.first ?? PointOutcome()
        return [
            .init("created", .integer(Int64(first.created))), .init("changed", .integer(Int64(first.changed))),
            .init("skipped", .integer(Int64(first.skipped))),
        ]
    }
    private static let changes: @Sendable ([PointOutcome]) -> [JSON.Member] = { outcomes in
        Array(counts(outcomes).dropFirst())
    }

    // MARK: Whole points

    static func contents(_ columns: PointColumns) -> [PointContent] {
        columns.ids.indices.map { index in
            PointContent(
                id: columns.ids[index], text: columns.documents?[index],
                metadata: (columns.metadatas?[index] ?? []).filter { !$0.value.isNull },
                vector: columns.vectors?[index], vectors: columns.named.isEmpty ? [] : columns.named[index])
        }
    }

    private static func patches(_ columns: PointColumns, replacingMetadata: Bool) -> [PointPatch] {
        columns.ids.indices.map { index in
            let metadata = columns.metadatas?[index]
            return PointPatch(
                id: columns.ids[index], text: columns.documents?[index],
                metadata: metadata.map { replacingMetadata ? .overwrite($0) : .set($0) },
                vector: columns.vectors?[index], vectors: columns.named.isEmpty ? [] : columns.named[index])
        }
    }

    private func upsert(_ request: ServiceRequest) throws(VexFSError) -> PointWrite {
        let filters: Set<String> = Members.selection.subtracting(["ids"])
        let members = try Members(request.body, keys: Self.pointKeys.union(filters).union(["mode"]))
        let columns = try PointColumns(members, request.parts)
        let condition = try members.filter()
        let points = Self.contents(columns)
        switch try members.string("mode") ?? "replace" {
        case "replace":
            return try pointWrite(members, request, [.put(points, condition: condition)], Self.counts)
        case "update_only":
            return try pointWrite(
                members, request, [.put(points, mode: .updateOnly, condition: condition)], Self.counts)
        case "merge" where condition == nil:
            // What is new is put and then changed to what it is already.
            let operations: [PointOperation] = [
                .put(points, mode: .insertOnly), .patch(Self.patches(columns, replacingMetadata: false)),
            ]
            return try pointWrite(members, request, operations) { outcomes in
                [
                    .init("created", .integer(Int64(outcomes[0].created))),
                    .init("changed", .integer(Int64(outcomes[0].skipped))), .init("skipped", .integer(0)),
                ]
            }
        case "merge": throw members.refused("mode", "is merge, which goes without a filter")
        default: throw members.refused("mode", "must be replace, merge or update_only")
        }
    }

    private func update(_ request: ServiceRequest) throws(VexFSError) -> PointWrite {
        let members = try Members(request.body, keys: Self.pointKeys.union(["metadata_mode"]))
        let columns = try PointColumns(members, request.parts)
        let mode = try members.string("metadata_mode") ?? "merge"
        guard mode == "merge" || mode == "replace" else {
            throw members.refused("metadata_mode", "must be merge or replace")
        }
        let patches = Self.patches(columns, replacingMetadata: mode == "replace")
        return try pointWrite(members, request, [.patch(patches)], Self.counts)
    }

    private func delete(_ request: ServiceRequest) throws(VexFSError) -> PointWrite {
        let members = try Members(request.body, keys: Self.selectionKeys.union(["limit"]))
        var selection = try members.pointSelection(request.parts)
        if let limit = try members.integer("limit", 0...Int(Int32.max)) {
            selection = .ids(try oldest(limit, of: selection, request, in: try collection(members, request)))
        }
        return try pointWrite(members, request, [.delete(selection)]) { outcomes in
            [.init("deleted", .integer(Int64(outcomes.first?.removed ?? 0)))]
        }
    }

    /// The ids of the points of a selection that came first.
    private func oldest(
        _ limit: Int, of selection: PointSelection, _ request: ServiceRequest, in collection: Collection
    ) throws(VexFSError) -> [ByteString] {
        let filter: Filter
        switch selection {
        case .ids(let ids): filter = .hasID(Set(ids))
        case .filter(let given): filter = given
        }
        let source = points(of: collection, request)
        var executor = executor(source, request)
        let page = try executor.scroll(ScrollQuery(filter: filter, order: .insertion, limit: limit))
        return page.points.compactMap { source.identifier(of: $0.row)?.text }
    }

    // MARK: Payloads

    private func payloadWrite(_ request: ServiceRequest) throws(VexFSError) -> PointWrite {
        var keys = Self.selectionKeys
        switch request.operation {
        case .payloadSet: keys.formUnion(["payload", "key"])
        case .payloadOverwrite: keys.insert("payload")
        case .payloadDelete: keys.insert("keys")
        default: break
        }
        let members = try Members(request.body, keys: keys)
        let selection = try members.pointSelection(request.parts)
        let change: PayloadChange
        switch request.operation {
        case .payloadSet, .payloadOverwrite:
            guard let payload = try members.object("payload") else { throw members.refused("payload", "is missing") }
            if request.operation == .payloadOverwrite {
                change = .overwrite(payload)
            } else {
                let path = try members.string("key").map { (key) throws(VexFSError) in try PayloadPath(qdrant: key) }
                change = .set(payload, at: path)
            }
        case .payloadDelete:
            guard let paths = try members.strings("keys") else { throw members.refused("keys", "is missing") }
            var steps: [PayloadPath] = []
            for path in paths { steps.append(try PayloadPath(qdrant: path)) }
            change = .delete(steps)
        default: change = .clear
        }
        return try pointWrite(members, request, [.payload(change, of: selection)], Self.changes)
    }

    // MARK: The fast way

    /// Points that bring their vectors are inserted without being staged one by one, which gives the same documents;
    /// nil where the request asks for anything else.
    private func insertQuickly(_ request: ServiceRequest) throws(VexFSError) -> [JSON.Member]? {
        guard request.operation == .upsert || request.operation == .add, request.body["vectors"] != nil else {
            return nil
        }
        for member in request.body.members ?? [] where !member.value.isNull {
            guard Self.quickKeys.contains(member.key), member.key != "named", member.key != "points",
                member.key != "mode" || request.operation == .upsert && member.value == .string("replace")
            else { return nil }
        }
        let members = try Members(request.body, keys: Self.quickKeys)
        let columns = try PointColumns(members, request.parts)
        let collection = try collection(members, request)
        guard let vectors = columns.vectors, !columns.ids.isEmpty, Set(columns.ids).count == columns.ids.count,
            !(columns.documents?.contains("") ?? false), collection.canInsert(columns.ids)
        else { return nil }
        let isCosine = collection.configuration.metric == .cosine
        // Such documents have their vector only in the index, where it is normalised: any other length would be lost.
        func isKept(_ vector: [Float]) -> Bool {
            !isCosine || abs(vector.reduce(0) { $0 + $1 * $1 } - 1) < 1e-5
        }
        let dimension = vectors[0]?.count ?? 0
        // Before memory is taken for as many as there are ids: all may be missing but the first, which may be long.
        guard vectors.allSatisfy({ $0.map { $0.count == dimension && isKept($0) } ?? false }) else { return nil }
        var flat: [Float] = []
        flat.reserveCapacity(vectors.count * dimension)
        for vector in vectors { flat += vector ?? [] }
        let points = columns.ids.indices.map { index in
            let metadata = (columns.metadatas?[index] ?? []).filter { !$0.value.isNull }
            return NewPoint(
                id: columns.ids[index], metadata: metadata.isEmpty ? [] : JSON.object(metadata).compact,
                text: columns.documents?[index] ?? "")
        }
        guard !request.isCancelled() else { throw Self.cancelled }
        let outcome = try collection.insert(
            points, vectors: flat, sync: try members.bool("durable", default: false),
            existing: request.operation == .add ? .keep : .replace)
        observer.documentsChanged(in: collection, columns.ids)
        return [
            .init("created", .integer(Int64(outcome.created))), .init("changed", .integer(Int64(outcome.replaced))),
            .init("skipped", .integer(Int64(points.count - outcome.created - outcome.replaced))),
        ]
    }
}
