import VexFS
import VexWire

/// Operations on collections.
extension Service {
    static let properties = "wire/properties"

    func performOnCollections(_ request: ServiceRequest, _ answer: inout AnswerWriter) throws(VexFSError) {
        switch request.operation {
        case .collectionCreate: try createCollection(request, &answer)
        case .collectionList: try listCollections(request, &answer)
        case .collectionUpdate:
            let members = try Members(
                request.body, keys: Members.common.union(["configuration", "properties"]))
            let collection = try collection(members, request)
            try set(members, of: collection)
            answer.add("collection", try describe(collection))
        case .collectionDelete:
            let members = try Members(request.body, keys: Members.common)
            try delete(try collection(members, request))
            answer.add("deleted", .bool(true))
        case .collectionRename: try renameCollection(request, &answer)
        default:
            let members = try Members(request.body, keys: Members.common)
            answer.add("collection", try describe(try collection(members, request)))
        }
    }

    private func createCollection(_ request: ServiceRequest, _ answer: inout AnswerWriter) throws(VexFSError) {
        let members = try Members(
            request.body, keys: Members.common.union(["configuration", "properties", "get_or_create"]))
        guard let address = try address(members) else { throw members.refused("collection", "is missing") }
        let getsExisting = try members.bool("get_or_create", default: false)
        if getsExisting, let existing = store.collection(named: address.directory) {
            answer.add("collection", try describe(existing))
            answer.add("created", .bool(false))
            return
        }
        if address.isDefault, try store.aliases()[address.name] != nil {
            throw VexFSError(.alreadyExists, "\"\(address.name)\" is an alias")
        }
        let collection: Collection
        do throws(VexFSError) {
            collection = try store.createCollection(
                named: address.directory, owner: request.owner, group: request.group)
        } catch {
            guard error.code == .alreadyExists else { throw error }
            guard getsExisting else {
                throw VexFSError(.alreadyExists, "there is a collection \"\(address.name)\" already")
            }
            // Made meanwhile by somebody else, and perhaps removed again.
            return try createCollection(request, &answer)
        }
        do throws(VexFSError) {
            try set(members, of: collection)
        } catch {
            // Nobody has seen it yet: what cannot be as it was asked for is not made.
            try store.removeCollection(collection, withDocuments: true)
            throw error
        }
        observer.collectionChanged(named: address.directory)
        answer.add("collection", try describe(collection))
        answer.add("created", .bool(true))
    }

    private func set(_ members: Members, of collection: Collection) throws(VexFSError) {
        if let configuration = members["configuration"] { try collection.setConfiguration(configuration.compact) }
        if let properties = try members.object("properties") {
            try store.setProperty(
                Self.properties, of: collection.number, to: JSON.object(properties).compact)
        }
    }

    private func listCollections(_ request: ServiceRequest, _ answer: inout AnswerWriter) throws(VexFSError) {
        let members = try Members(request.body, keys: Members.common.union(["limit", "offset"]))
        let tenant = try members.string("tenant") ?? ""
        let database = try members.string("database") ?? ""
        let found = store.collections.filter { collection in
            let address = CollectionAddress(directory: collection.name)
            return (tenant == "*" || address.tenant == tenant) && (database == "*" || address.database == database)
        }
        let offset = try members.integer("offset", 0...Int(Int32.max)) ?? 0
        let limit = try members.integer("limit", 0...Int(Int32.max)) ?? Int.max
        var objects: [JSON] = []
        for collection in found.dropFirst(offset).prefix(limit) { objects.append(try describe(collection)) }
        answer.add("collections", .array(objects))
        answer.add("total", found.count)
    }

    private func renameCollection(_ request: ServiceRequest, _ answer: inout AnswerWriter) throws(VexFSError) {
        let members = try Members(request.body, keys: Members.common.union(["to"]))
        let collection = try collection(members, request)
        let former = collection.name
        var address = CollectionAddress(directory: former)
        address.name = try members.requiredString("to")
        guard !address.name.isEmpty else { throw members.refused("to", "must not be empty") }
        var isTaken = false
        if address.isDefault { isTaken = try store.aliases()[address.name] != nil }
        if address.directory != former, isTaken || store.collection(named: address.directory) != nil {
            throw VexFSError(.alreadyExists, "there is a collection or alias \"\(address.name)\" already")
        }
        try store.renameCollection(collection, to: address.directory)
        observer.collectionChanged(named: former)
        observer.collectionChanged(named: address.directory)
        answer.add("collection", try describe(collection))
    }

    func delete(_ collection: Collection) throws(VexFSError) {
        let directory = collection.name
        try store.removeCollection(collection, withDocuments: true)
        try store.forgetAliases(of: directory)
        observer.collectionChanged(named: directory)
    }

    /// The collection object.
    func describe(_ collection: Collection) throws(VexFSError) -> JSON {
        let address = CollectionAddress(directory: collection.name)
        var properties = JSON.object([])
        if let stored = try store.property(Self.properties, of: collection.number) {
            properties = try JSON.parse(stored, code: .corruption)
        }
        return .object([
            .init("name", .string(address.name)),
            .init("tenant", address.tenant.isEmpty ? .null : .string(address.tenant)),
            .init("database", address.database.isEmpty ? .null : .string(address.database)),
            .init("uid", .string(try uid(of: collection))),
            .init("directory", .string(collection.name.string)),
            .init("created", .string(Timestamp.text(collection.created))),
            .init("documents", .integer(Int64(collection.documentCount))),
            .init("pending", .integer(Int64(collection.pendingCount))),
            .init("configuration", collection.configuration.object),
            .init("schema", collection.schema),
            .init("properties", properties),
        ])
    }
}
