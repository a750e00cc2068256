import Synchronization
import VexValues
import VexWire

/// Tenants, databases and collections on the mount, in Chroma's terms.
final class ChromaStore: Sendable {
    let mount: Mount
    /// What of collections never changes and is asked with every request, by id.
    private let known = Mutex<[String: Known]>([:])
    private let changing = Mutex(())
    private static let mostKnown = 10_000

    /// What of a collection never changes.
    struct Known: Sendable {
        var tenant: String
        var schema: ChromaSchema
    }

    init(mount: Mount) { self.mount = mount }

    /// Asks the mount.
    /// - Throws: what the mount says, in Chroma's terms.
    func ask(_ operation: WireOperation, _ members: [JSON.Member]) throws(ChromaError) -> JSON {
        do throws(MountError) { return try mount.ask(operation, members) } catch { throw ChromaError(error) }
    }

    /// Asks the mount; nil where it says that what is asked for is not there.
    func find(_ operation: WireOperation, _ members: [JSON.Member]) throws(ChromaError) -> JSON? {
        do throws(MountError) { return try mount.ask(operation, members) } catch {
            if case .refused(let refusal) = error, refusal.code == .notFound { return nil }
            throw ChromaError(error)
        }
    }

    // MARK: Databases

    /// Whether a database is there.
    func hasDatabase(_ database: String, of tenant: String) throws(ChromaError) -> Bool {
        if tenant == ChromaName.defaultTenant, database == ChromaName.defaultDatabase { return true }
        return try find(.databaseGet, Self.databaseAddress(database, of: tenant)) != nil
    }

    /// How the mount is told about a database itself.
    static func databaseAddress(_ database: String, of tenant: String) -> [JSON.Member] {
        var members = ChromaName.address(tenant: tenant, database: ChromaName.defaultDatabase)
        members.append(.init("database", .string(ChromaName.onMount(database))))
        return members
    }

    // MARK: Collections

    /// The collection of a name.
    /// - Throws: 404.
    func collection(named name: String, tenant: String, database: String) throws(ChromaError) -> ChromaCollection {
        let address = ChromaName.address(tenant: tenant, database: database)
        let found = try find(.collectionGet, address + [.init("collection", .string(ChromaName.onMount(name)))])
        guard let found else { throw .noCollection(name) }
        return remember(ChromaCollection(found["collection"] ?? .null))
    }

    /// The collection of an id.
    /// - Throws: 404.
    func collection(id: String) throws(ChromaError) -> ChromaCollection {
        guard let found = try find(.collectionGet, [.init("uid", .string(id))]) else {
            throw .noCollection(id)
        }
        return remember(ChromaCollection(found["collection"] ?? .null))
    }

    /// What never changes of the collection of an id; asks the mount only the first time.
    func known(id: String) throws(ChromaError) -> Known {
        if let known = known.withLock({ $0[id] }) { return known }
        let collection = try collection(id: id)
        return Known(tenant: collection.tenant, schema: collection.schema)
    }

    @discardableResult
    private func remember(_ collection: ChromaCollection) -> ChromaCollection {
        known.withLock { known in
            if known.count >= Self.mostKnown { known.removeAll() }
            known[collection.id] = Known(tenant: collection.tenant, schema: collection.schema)
        }
        return collection
    }

    /// Forgets all collections.
    func forget() { known.withLock { $0.removeAll() } }

    /// Has the schema of a collection name the keys that its records have.
    func name(_ keys: Set<ChromaSchema.Key>, in id: String) throws(ChromaError) {
        guard !keys.isEmpty, try !known(id: id).schema.names(keys) else { return }
        // One at a time: each must see what those before it have written.
        try changing.withLock { (_) throws(ChromaError) in
            var collection = try collection(id: id)
            collection.schema.add(keys)
            try save(collection)
        }
    }

    /// Writes what Chroma keeps of a collection.
    func save(_ collection: ChromaCollection) throws(ChromaError) {
        let change: [JSON.Member] = [
            .init("uid", .string(collection.id)), .init("properties", collection.newProperties),
        ]
        _ = try ask(.collectionUpdate, change)
        remember(collection)
    }

    // MARK: Records

    /// Sends a request about the records of a collection.
    /// - Throws: 404 where the collection is gone, 400 with Chroma's words for a wrong dimension.
    func call(
        _ operation: WireOperation, of id: String, _ members: [JSON.Member],
        parts: WirePartsBuilder = WirePartsBuilder(), dimension: Int? = nil
    ) throws(ChromaError) -> MountAnswer {
        let answer: MountAnswer
        do throws(MountError) {
            answer = try mount.call(operation, [.init("uid", .string(id))] + members, parts: parts)
        } catch {
            throw ChromaError(error)
        }
        guard answer.header.status != 0 else { return answer }
        do throws(VexFSError) { _ = try answer.body() } catch {
            if error.code == .notFound { throw ChromaError(404, "Collection [\(id)] does not exist.") }
            if error.code == .dimensionMismatch, let dimension, let expected = try collection(id: id).dimension {
                throw .invalid("Collection expecting embedding with dimension of \(expected), got \(dimension)")
            }
            throw ChromaError(error)
        }
        return answer
    }

    /// The control part of an answer.
    func body(of answer: MountAnswer) throws(ChromaError) -> JSON {
        do throws(VexFSError) { return try answer.body() } catch { throw ChromaError(error) }
    }

    /// Refuses a selection by what the collection's schema takes out of the index.
    func check(_ selection: ChromaSelection, of id: String) throws(ChromaError) {
        guard selection.filter != nil else { return }
        try schema(of: id).check(filter: selection.filter)
    }

    /// The schema of a collection that records are asked of.
    /// - Throws: 404 in the words that requests about records have.
    func schema(of id: String) throws(ChromaError) -> ChromaSchema {
        do throws(ChromaError) { return try known(id: id).schema } catch {
            throw error.status == 404 ? ChromaError(404, "Collection [\(id)] does not exist.") : error
        }
    }
}
