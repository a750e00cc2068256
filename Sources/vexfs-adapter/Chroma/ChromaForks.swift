import VexValues

/// Collections that begin as another one, as the hosted service has them.
extension ChromaDialect {
    func addForks(to router: inout HTTPRouter) {
        let path = Self.recordsPath
        route(&router, .post, path + "/fork", "fork", .writing) { [self] call throws(ChromaError) in
            try fork(call, id: try collectionID(call, at: 2))
        }
        route(&router, .get, path + "/fork_count", "fork_count", .reading) { [self] call throws(ChromaError) in
            try countForks(id: try collectionID(call, at: 2))
        }
    }

    /// Forks a collection into the tenant and database that it is in.
    private func fork(_ call: Call, id: String) throws(ChromaError) -> HTTPResponse {
        let name = try call.fields().requiredString("new_name")
        if let problem = ChromaName.problem(name) { throw .validation("new_name", problem) }
        try existing(id)
        let to = JSON.Member("to", .string(ChromaName.onMount(name)))
        var made: ChromaCollection
        do throws(ChromaError) {
            let answer = try store.change(.collectionFork, [.init("uid", .string(id)), to])
            made = ChromaCollection(answer["collection"] ?? .null)
        } catch {
            throw error.status == 409 ? ChromaError(409, "Collection [\(name)] already exists") : error
        }
        // Everything that Chroma keeps came along; a name that no directory can have is among it.
        if made.name != name { made = try store.update(id: made.id) { $0.name = name } }
        return .json(made.json(for: call.generation))
    }

    /// Counts the forks of the collection that this one goes back to, as the hosted service does: the answer is the
    /// same for all of them.
    private func countForks(id: String) throws(ChromaError) -> HTTPResponse {
        try existing(id)
        let forks = try store.ask(.collectionForks, [.init("uid", .string(id))])["forks"]?.arrayValue ?? []
        return .json(.object([.init("count", .integer(Int64(forks.count)))]))
    }
}
