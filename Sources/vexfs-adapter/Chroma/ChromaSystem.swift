import Glibc
import VexValues

/// What clients ask of the server as a whole.
extension ChromaDialect {
    /// The most records that clients send at once.
    private static let batchSize: Int64 = 5461

    func addSystem(to router: inout HTTPRouter) {
        for path in ["", "/heartbeat"] {
            route(&router, .get, path, "heartbeat", .reading) { _ throws(ChromaError) in Self.heartbeat }
        }
        route(&router, .get, "/version", "version", .reading) { _ throws(ChromaError) in .json(.string("1.0.0")) }
        route(&router, .get, "/healthcheck", "healthcheck", .reading) { [store] _ throws(ChromaError) in
            guard store.mount.isThere else { throw ChromaError(503, "the mount does not answer") }
            return .json(
                .object([.init("is_executor_ready", .bool(true)), .init("is_log_client_ready", .bool(true))]))
        }
        route(&router, .get, "/pre-flight-checks", "preflight", .reading) { _ throws(ChromaError) in
            .json(
                .object([
                    .init("max_batch_size", .integer(Self.batchSize)), .init("supports_base64_encoding", .bool(true)),
                ]))
        }
        route(&router, .get, "/auth/identity", "identity", .reading) { call throws(ChromaError) in
            .json(
                .object([
                    .init("user_id", .string(call.user.name)),
                    .init("tenant", .string(call.user.tenants?.first ?? ChromaName.defaultTenant)),
                    .init("databases", .array([.string(ChromaName.defaultDatabase)])),
                ]))
        }
        route(&router, .post, "/reset", "reset", .all) { [self] _ throws(ChromaError) in try reset() }

        route(&router, .get, "", "v1.heartbeat", .reading, prefix: "/api/v1") { _ throws(ChromaError) in
            Self.heartbeat
        }
        route(&router, .get, "/heartbeat", "v1.heartbeat", .reading, prefix: "/api/v1") { _ throws(ChromaError) in
            Self.heartbeat
        }
        route(&router, .get, "/version", "v1.version", .reading, prefix: "/api/v1") { _ throws(ChromaError) in
            .json(.string("1.0.0"))
        }
        // Clients of this interface send plain arrays only, so nothing is said of base64.
        route(&router, .get, "/pre-flight-checks", "v1.preflight", .reading, prefix: "/api/v1") {
            _ throws(ChromaError) in .json(.object([.init("max_batch_size", .integer(Self.batchSize))]))
        }
        route(&router, .post, "/reset", "v1.reset", .all, prefix: "/api/v1") { [self] _ throws(ChromaError) in
            try reset()
        }
    }

    private static var heartbeat: HTTPResponse {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        let nanoseconds = Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
        return .json(.object([.init("nanosecond heartbeat", .integer(nanoseconds))]))
    }

    /// Removes all collections, databases and tenants, where the configuration allows it.
    private func reset() throws(ChromaError) -> HTTPResponse {
        guard configuration.allowsReset else { throw ChromaError(403, "Reset is disabled by config") }
        let all: [JSON.Member] = [.init("tenant", .string(ChromaName.all)), .init("database", .string(ChromaName.all))]
        for item in try store.ask(.collectionList, all)["collections"]?.arrayValue ?? [] {
            guard let id = item["uid"] else { continue }
            _ = try store.remove(.collectionDelete, [.init("uid", id)])
        }
        var tenants: [JSON.Member?] = [nil]
        for tenant in try store.ask(.tenantList, [])["tenants"]?.arrayValue ?? [] {
            if let name = tenant["name"] { tenants.append(.init("tenant", name)) }
        }
        for tenant in tenants {
            let address = tenant.map { [$0] } ?? []
            for database in try store.ask(.databaseList, address)["databases"]?.arrayValue ?? [] {
                guard let name = database["name"] else { continue }
                _ = try store.remove(.databaseDelete, address + [.init("database", name)])
            }
            if let tenant { _ = try store.remove(.tenantDelete, [tenant]) }
        }
        store.forget()
        return .json(.bool(true))
    }
}
