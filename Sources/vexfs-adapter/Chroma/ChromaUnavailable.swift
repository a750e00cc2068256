import VexValues

/// What the single-node server does not have, answered as it does.
extension ChromaDialect {
    func addUnavailable(to router: inout HTTPRouter) {
        let path = Self.recordsPath
        route(&router, .post, path + "/functions/attach", "function.attach", .writing) {
            [self] call throws(ChromaError) in
            try existing(try collectionID(call, at: 2))
            throw ChromaError(501, "Attached functions are not implemented")
        }
        route(&router, .get, path + "/functions/*", "function.get", .reading) { [self] call throws(ChromaError) in
            try existing(try collectionID(call, at: 2))
            throw ChromaError(404, "Attached function not found")
        }
        route(&router, .post, path + "/attached_functions/*/detach", "function.detach", .writing) {
            [self] call throws(ChromaError) in
            try existing(try collectionID(call, at: 2))
            throw ChromaError(501, "Attached functions are not implemented")
        }
        route(&router, .get, path + "/indexing_status", "indexing_status", .reading) {
            [self] call throws(ChromaError) in
            // Records are searchable when their write is answered, so all operations are indexed.
            let total = try store.body(of: try store.call(.count, of: try collectionID(call, at: 2), []))["count"]
            return .json(
                .object([
                    .init("op_indexing_progress", .number(1)), .init("num_unindexed_ops", .integer(0)),
                    .init("num_indexed_ops", total ?? .integer(0)), .init("total_ops", total ?? .integer(0)),
                ]))
        }
    }
}
