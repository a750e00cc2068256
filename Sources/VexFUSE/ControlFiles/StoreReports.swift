import VexFS

/// The texts of the mount's own control files.
struct StoreReports {
    private let tree: VirtualTree

    init(_ tree: VirtualTree) { self.tree = tree }

    func bytes(of content: ControlFileContent) -> [UInt8] {
        switch content {
        case .version: Array("vexfs \(VexFSVersion.current)\n".utf8)
        case .health: health
        case .storeStatistics: statistics
        case .metrics: tree.store.metrics.prometheusText()
        case .storeConfiguration: configuration
        case .allErrors: tree.store.collections.flatMap { $0.errorLines() }
        default: []
        }
    }

    /// "ok", or what needs looking at, one line each.
    private var health: [UInt8] {
        var lines: [String] = []
        for collection in tree.store.collections where collection.pendingCount > 0 {
            lines.append("\(collection.name): \(collection.pendingCount) documents wait for a vector")
        }
        let faults = tree.store.metrics.value(of: .logicalErrors)
        if faults > 0 { lines.append("\(faults) internal errors since the mount: see the log") }
        return Array((["ok"] + lines).joined(separator: "\n").utf8) + [0x0A]
    }

    private var statistics: [UInt8] {
        let collections = tree.store.collections
        let metrics = tree.store.metrics
        return JSON.object([
            .init("collections", .integer(Int64(collections.count))),
            .init("documents", .integer(Int64(collections.reduce(0) { $0 + $1.documentCount }))),
            .init("pending", .integer(Int64(collections.reduce(0) { $0 + $1.pendingCount }))),
            .init("commits", .integer(Int64(metrics.value(of: .documentsCommitted)))),
            .init("refusals", .integer(Int64(metrics.value(of: .documentsRefused)))),
            .init("searches", .integer(Int64(metrics.value(of: .searches)))),
            .init("mounted", .string(Timestamp.text(tree.mounted))),
        ]).pretty
    }

    private var configuration: [UInt8] {
        JSON.object([
            .init("store", .string(tree.store.path)),
            .init("draft_bytes_max", .integer(Int64(DraftBudget.totalBytesMax))),
        ]).pretty
    }
}
