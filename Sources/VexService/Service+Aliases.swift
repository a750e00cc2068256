import VexFS
import VexWire

/// Other names of collections of the default tenant and database.
extension Store {
    static let aliasKey = "wire/aliases"

    /// Every alias with the name of its collection.
    func aliases() throws(VexFSError) -> [String: String] {
        guard let bytes = try property(Self.aliasKey, of: 0) else { return [:] }
        var found: [String: String] = [:]
        for member in try JSON.parse(bytes, code: .corruption).members ?? [] {
            found[member.key] = member.value.stringValue
        }
        return found
    }

    /// `aliases.json`.
    public func aliasText() throws(VexFSError) -> [UInt8] {
        Self.aliasJSON(try aliases()).pretty
    }

    fileprivate static func aliasJSON(_ aliases: [String: String]) -> JSON {
        .object(aliases.sorted { $0.key < $1.key }.map { .init($0.key, .string($0.value)) })
    }

    /// Forgets the aliases of a collection that is gone: a later one of its name is another.
    public func forgetAliases(of directory: ByteString) throws(VexFSError) {
        func isOther(_ alias: (key: String, value: String)) -> Bool {
            CollectionAddress(name: alias.value).directory != directory
        }
        guard try !aliases().allSatisfy(isOther) else { return }
        try changingProperty(Self.aliasKey, of: 0) { (_) throws(VexFSError) in
            (Self.aliasJSON(try aliases().filter(isOther)).compact, ())
        }
    }
}

extension Service {
    func updateAliases(_ request: ServiceRequest, _ answer: inout AnswerWriter) throws(VexFSError) {
        let members = try Members(request.body, keys: Members.common.union(["actions"]))
        guard let actions = try members.array("actions") else { throw members.refused("actions", "is missing") }
        let count = try store.changingProperty(Store.aliasKey, of: 0) { (_) throws(VexFSError) in
            var aliases = try store.aliases()
            for (index, action) in actions.enumerated() {
                try apply(action, at: "actions[\(index)]", to: &aliases)
            }
            return (Store.aliasJSON(aliases).compact, aliases.count)
        }
        answer.add("aliases", count)
    }

    private func apply(
        _ action: JSON, at place: String, to aliases: inout [String: String]
    ) throws(VexFSError) {
        let kinds = try Members(action, at: place, keys: ["create", "rename", "delete"])
        guard kinds.members.count == 1, let kind = kinds.members.first else {
            throw VexFSError(.invalidArgument, "\(place) must be one of create, rename and delete")
        }
        let inner = kinds.inner(kind.key)
        switch kind.key {
        case "create":
            let members = try Members(kind.value, at: inner, keys: ["alias", "collection"])
            let alias = try members.requiredString("alias")
            let collection = try members.requiredString("collection")
            try requireFree(alias, members)
            guard store.collection(named: CollectionAddress(name: collection).directory) != nil else {
                throw VexFSError(.notFound, "there is no collection \"\(collection)\"")
            }
            aliases[alias] = collection
        case "rename":
            let members = try Members(kind.value, at: inner, keys: ["from", "to"])
            let (from, to) = (try members.requiredString("from"), try members.requiredString("to"))
            guard let collection = aliases.removeValue(forKey: from) else {
                throw VexFSError(.notFound, "there is no alias \"\(from)\"")
            }
            try requireFree(to, members)
            aliases[to] = collection
        default:
            let alias = try Members(kind.value, at: inner, keys: ["alias"]).requiredString("alias")
            guard aliases.removeValue(forKey: alias) != nil else {
                throw VexFSError(.notFound, "there is no alias \"\(alias)\"")
            }
        }
    }

    private func requireFree(_ alias: String, _ members: Members) throws(VexFSError) {
        try CollectionAddress.check(alias, members, members["to"] == nil ? "alias" : "to")
        guard store.collection(named: CollectionAddress(name: alias).directory) == nil else {
            throw VexFSError(.alreadyExists, "there is a collection \"\(alias)\" already")
        }
    }

    func listAliases(_ request: ServiceRequest, _ answer: inout AnswerWriter) throws(VexFSError) {
        let members = try Members(request.body, keys: Members.common)
        let wanted = try members["collection"] == nil ? nil : collection(members, request).name
        let found = try store.aliases().sorted { $0.key < $1.key }.filter { alias in
            wanted.map { CollectionAddress(name: alias.value).directory == $0 } ?? true
        }
        answer.add(
            "aliases",
            .array(found.map { .object([.init("alias", .string($0.key)), .init("collection", .string($0.value))]) }))
    }
}
