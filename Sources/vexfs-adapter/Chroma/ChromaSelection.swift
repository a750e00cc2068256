import VexValues

/// Which records a request is about: ids and filters, all of which must hold.
struct ChromaSelection {
    var ids: [String]?
    /// `where`.
    var filter: JSON?
    /// `where_document`.
    var documentFilter: JSON?

    /// Reads `ids`, `where` and `where_document`; null means none.
    /// - Parameter acceptsEmptyFilters: whether `{}` means none, too, as old clients have it.
    init(_ fields: ChromaFields, acceptsEmptyFilters: Bool) throws(ChromaError) {
        ids = try fields.strings("ids")
        filter = fields.value("where")
        documentFilter = fields.value("where_document")
        if acceptsEmptyFilters {
            if filter == .object([]) { filter = nil }
            if documentFilter == .object([]) { documentFilter = nil }
        }
    }

    var hasFilter: Bool { filter != nil || documentFilter != nil }

    /// As the mount is asked; no record has an empty id.
    var members: [JSON.Member] {
        var members: [JSON.Member] = []
        if let ids { members.append(.init("ids", .array(ids.filter { !$0.isEmpty }.map(JSON.string)))) }
        if let filter { members.append(.init("where", filter)) }
        if let documentFilter { members.append(.init("where_document", documentFilter)) }
        return members
    }
}
