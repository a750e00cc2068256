import VexValues

/// Chroma's HTTP interface: its routes, and who may use them.
final class ChromaDialect: Sendable {
    let store: ChromaStore
    let configuration: AdapterConfiguration

    init(mount: Mount, configuration: AdapterConfiguration) {
        store = ChromaStore(mount: mount, isDurable: configuration.isDurable)
        self.configuration = configuration
    }

    /// A request that may be answered.
    struct Call {
        var request: HTTPRequest
        /// What stands in the path.
        var values: [String]
        var user: Authority.User
        var generation: ChromaCollection.Generation

        /// The fields of the body.
        func fields() throws(ChromaError) -> ChromaFields { try ChromaFields(body: request.body) }

        /// A parameter that is a number.
        func count(_ name: String) throws(ChromaError) -> Int? {
            guard let text = try text(name) else { return nil }
            guard let number = UInt32(text) else {
                throw .invalid("Failed to deserialize query string: \(name): invalid digit found in string")
            }
            return min(Int(number), Int(Int32.max))
        }

        /// A parameter that is there at the most once.
        func text(_ name: String) throws(ChromaError) -> String? {
            guard request.parameters.count(where: { $0.name == name }) < 2 else {
                throw .invalid("Failed to deserialize query string: duplicate field `\(name)`")
            }
            return request.parameter(name)
        }
    }

    /// What a route needs.
    enum Need {
        case reading
        case writing
        /// Everything: what is not of one tenant.
        case all
    }

    typealias Handler = @Sendable (Call) throws(ChromaError) -> HTTPResponse

    /// Adds a route below `/api/v2`; of `tenant`, the place of the tenant's name in the path's values.
    func route(
        _ router: inout HTTPRouter, _ method: HTTPRequest.Method, _ path: String, _ name: String, _ need: Need,
        tenant: Int? = nil, prefix: String = "/api/v2", _ handler: @escaping Handler
    ) {
        let hasDatabase = path.hasPrefix(Self.databasePath)
        let admission: HTTPRouter.Admission = { [self] request in
            do throws(ChromaError) {
                _ = try user(of: request, need)
                return nil
            } catch {
                return error.response
            }
        }
        router.add(method, prefix + path, as: "chroma." + name, admission: admission) { [self] request, values in
            do throws(ChromaError) {
                let user = try user(of: request, need)
                if let tenant { try check(user, tenant: values[tenant]) }
                if hasDatabase { try Self.check(database: values[1]) }
                let call = Call(request: request, values: values, user: user, generation: Self.generation(request))
                return try handler(call)
            } catch {
                return error.response
            }
        }
    }

    private func user(of request: HTTPRequest, _ need: Need) throws(ChromaError) -> Authority.User {
        guard let user = configuration.authority.user(of: request) else {
            throw ChromaError(401, "A valid token is needed: X-Chroma-Token, or Authorization: Bearer")
        }
        switch need {
        case .reading: break
        case .writing:
            guard !user.isReadOnly else { throw ChromaError(403, "The token of \(user.name) may only read") }
        case .all:
            guard user.isUnrestricted else {
                throw ChromaError(403, "The token of \(user.name) does not allow this")
            }
        }
        return user
    }

    /// Refuses a user who has nothing to do with a tenant.
    func check(_ user: Authority.User, tenant: String) throws(ChromaError) {
        guard user.mayUse(tenant: tenant) else {
            throw ChromaError(403, "The token of \(user.name) is not for the tenant \(tenant)")
        }
    }

    /// Refuses what no database is called.
    static func check(database: String) throws(ChromaError) {
        guard database.count >= 3 else { throw .invalid("database name must be at least 3 characters") }
    }

    /// The collection of the id in the path, which need not be there.
    /// - Throws: 400 for no UUID, 403 where it is of a tenant that the user has nothing to do with.
    func collectionID(_ call: Call, at place: Int) throws(ChromaError) -> String {
        guard let id = ChromaName.uuid(call.values[place]) else {
            throw .invalid("Collection ID is not a valid UUIDv4")
        }
        // Asked every time: on the mount, collections are moved from tenant to tenant.
        if call.user.tenants != nil { try check(call.user, tenant: try store.collection(id: id).tenant) }
        return id
    }

    /// Old clients are told by their User-Agent and by what they leave out (0.5 and 0.6 on the paths of v2).
    private static func generation(_ request: HTTPRequest) -> ChromaCollection.Generation {
        let agent = request.headers["user-agent"] ?? ""
        if agent.hasPrefix("python-requests/"), request.segments.dropFirst().first == "v1" { return .oldest }
        if request.segments.dropFirst().first == "v1" { return .old }
        let isOld = agent.hasPrefix("python-httpx/") && request.headers["content-type"] == nil
        return isOld ? .old : .current
    }

    /// Adds all routes.
    func add(to router: inout HTTPRouter) {
        addSystem(to: &router)
        addTenants(to: &router)
        addDatabases(to: &router)
        addCollections(to: &router)
        addWriting(to: &router)
        addReading(to: &router)
        addSearch(to: &router)
        addForks(to: &router)
        addUnavailable(to: &router)
    }

    /// The paths of databases and of collections.
    static let databasePath = "/tenants/*/databases/*"
    static let recordsPath = databasePath + "/collections/*"
}
