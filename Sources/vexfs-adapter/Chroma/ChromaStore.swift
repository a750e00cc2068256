import Glibc
import Synchronization
import VexValues
import VexWire

/// Tenants, databases and collections on the mount, in Chroma's terms.
final class ChromaStore: Sendable {
    let mount: Mount
    /// The schemas of collections, which are asked for with every request, by id: all that is relied on never changes.
    private let known = Mutex<[String: Known]>([:])
    private let changing = Mutex(())
    private let isDurable: Bool
    private static let mostKnown = 10_000
    private static let mostAttempts = 32

    private struct Known {
        var schema: ChromaSchema
        /// Whether the collection has a dimension, which then stays.
        var hasDimension: Bool
    }

    /// - Parameter isDurable: whether what is answered survives loss of power.
    init(mount: Mount, isDurable: Bool) {
        self.mount = mount
        self.isDurable = isDurable
    }

    /// What a request to write records adds to have its answer survive loss of power, where that is wanted.
    var durable: [JSON.Member] { isDurable ? [.init("durable", .bool(true))] : [] }

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

    /// Asks the mount to change something other than records.
    /// - Throws: what the mount says, in Chroma's terms.
    func change(_ operation: WireOperation, _ members: [JSON.Member]) throws(ChromaError) -> JSON {
        let answer = try ask(operation, members)
        try sync()
        return answer
    }

    /// Asks the mount to remove something other than records.
    /// - Returns: whether it was there.
    func remove(_ operation: WireOperation, _ members: [JSON.Member]) throws(ChromaError) -> Bool {
        guard try find(operation, members) != nil else { return false }
        try sync()
        return true
    }

    /// Brings what was changed to the disk, where that is wanted: operations on collections, databases and tenants do
    /// not do it themselves.
    private func sync() throws(ChromaError) {
        guard isDurable else { return }
        let directory = open(mount.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        defer { if directory >= 0 { close(directory) } }
        guard directory >= 0, fsync(directory) == 0 else {
            throw ChromaError(500, "the change is not known to be on the disk: \(String(cString: strerror(errno)))")
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

    /// Makes a collection, one at a time: who gets one that exists gets it with everything it was made with.
    func create(_ members: [JSON.Member]) throws(ChromaError) -> ChromaCollection {
        try changing.withLock { (_) throws(ChromaError) in
            var attempts = 0
            while true {
                do throws(ChromaError) {
                    return remember(ChromaCollection(try change(.collectionCreate, members)["collection"] ?? .null))
                } catch {
                    // Somebody has removed it before it was described.
                    attempts += 1
                    guard error.status == 404, attempts < Self.mostAttempts else { throw error }
                }
            }
        }
    }

    /// The schema of the collection of an id; asks the mount only the first time.
    private func known(id: String) throws(ChromaError) -> ChromaSchema {
        if let known = known.withLock({ $0[id] }) { return known.schema }
        return try collection(id: id).schema
    }

    @discardableResult
    private func remember(_ collection: ChromaCollection) -> ChromaCollection {
        known.withLock { known in
            if known.count >= Self.mostKnown { known.removeAll() }
            known[collection.id] = Known(schema: collection.schema, hasDimension: collection.dimension != nil)
        }
        return collection
    }

    /// Forgets all collections.
    func forget() { known.withLock { $0.removeAll() } }

    /// Has the schema of a collection name the keys that its records have.
    func name(_ keys: Set<ChromaSchema.Key>, in id: String) throws(ChromaError) {
        guard !keys.isEmpty, try !known(id: id).names(keys) else { return }
        try update(id: id) { $0.schema.add(keys) }
    }

    /// Changes what Chroma keeps of a collection, one at a time: each sees what those before it have written.
    /// - Returns: the collection as it is now.
    @discardableResult
    func update(
        id: String, _ body: (inout ChromaCollection) throws(ChromaError) -> Void
    ) throws(ChromaError) -> ChromaCollection {
        try changing.withLock { (_) throws(ChromaError) in
            var collection = try collection(id: id)
            try body(&collection)
            _ = try change(
                .collectionUpdate, [.init("uid", .string(id)), .init("properties", collection.newProperties)])
            return remember(collection)
        }
    }

    /// Has a collection without a dimension get one, as an update gives it even where no record is there to be updated.
    func fix(dimension: Int, of id: String) throws(ChromaError) {
        if known.withLock({ $0[id]?.hasDimension }) == true { return }
        guard try collection(id: id).dimension == nil else { return }
        let configuration = JSON.object([.init("dimension", .integer(Int64(dimension)))])
        let answer = try change(.collectionUpdate, [.init("uid", .string(id)), .init("configuration", configuration)])
        remember(ChromaCollection(answer["collection"] ?? .null))
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
        do throws(ChromaError) { return try known(id: id) } catch {
            throw error.status == 404 ? ChromaError(404, "Collection [\(id)] does not exist.") : error
        }
    }
}
