import VexFS
import VexWire

/// Snapshots of collections, and collections that begin as another one.
extension Service {
    func performOnSnapshots(_ request: ServiceRequest, _ answer: inout AnswerWriter) throws(VexFSError) {
        let isList = request.operation == .snapshotList
        let members = try Members(request.body, keys: isList ? Members.common : Members.common.union(["name"]))
        let collection = try collection(members, request)
        if !isList {
            let name = ByteString(try members.requiredString("name"))
            if request.operation == .snapshotCreate {
                try collection.makeSnapshot(named: name)
            } else {
                try collection.removeSnapshot(named: name)
            }
        }
        answer.add(
            "snapshots",
            .array(
                collection.snapshots().map { snapshot in
                    .object([
                        .init("name", .string(snapshot.name.string)),
                        .init("created", .string(Timestamp.text(snapshot.created))),
                        .init("documents", .integer(Int64(snapshot.documents))),
                    ])
                }))
    }

    func fork(_ request: ServiceRequest, _ answer: inout AnswerWriter) throws(VexFSError) {
        let members = try Members(request.body, keys: Members.common.union(["to", "snapshot"]))
        let collection = try collection(members, request)
        var address = CollectionAddress(directory: collection.name)
        address.name = try members.requiredString("to")
        guard !address.name.isEmpty else { throw members.refused("to", "must not be empty") }
        if address.isDefault, try store.aliases()[address.name] != nil {
            throw VexFSError(.alreadyExists, "\"\(address.name)\" is an alias")
        }
        var base = collection
        if let name = try members.string("snapshot") {
            guard let snapshot = try collection.snapshot(named: ByteString(name)) else {
                throw VexFSError(.notFound, "there is no snapshot \"\(name)\" of \"\(collection.name)\"")
            }
            base = snapshot
        }
        let fork = try store.fork(base, as: address.directory)
        try store.setProperty(
            Self.properties, of: fork.number, to: try store.property(Self.properties, of: collection.number))
        observer.collectionChanged(named: address.directory)
        answer.add("collection", try describe(fork))
    }

    func listForks(_ request: ServiceRequest, _ answer: inout AnswerWriter) throws(VexFSError) {
        let members = try Members(request.body, keys: Members.common)
        let forks = store.forks(ofFamilyOf: try collection(members, request))
        answer.add("forks", .array(forks.map { .string($0.name.string) }))
    }
}
